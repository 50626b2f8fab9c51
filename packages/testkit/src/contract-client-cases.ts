/** What every protocol must keep when it talks to a client. */
import type { ClientAction, CommandView, Protocol, Security } from '@postern/core';
import { printable, toBytes, toText } from './bytes-text.js';
import { contextOf, ContractClient, loggedBy, sentBy } from './contract-client.js';
import { contractBroken } from './errors.js';
import type { ContractCase, ContractInput } from './protocol-contract.js';

const securities: readonly Security[] = ['none', 'offered', 'required', 'active'];

/** Text that would be more than one line if it were sent as it is. */
const hostileTexts = ['two\r\nlines', 'a\nb', 'a\rb', 'a\0b', '\r\n', '', 'h\u00e9'];

/** Bytes of a command that does not end: more than any parser may hold. */
const endless = 1 << 20;

/** The cases for the client's dialog. */
export function clientCases<C extends CommandView, S, U, Conf extends object>(
  protocol: Protocol<C, S, U, Conf>,
  input: ContractInput<Conf>,
): readonly ContractCase[] {
  const client = (security: Security = 'none') =>
    new ContractClient(protocol, contextOf(input.conf, security));
  return [
    ...securities.map((security) => ({
      name: `greets with one line where TLS is ${security}`,
      check: () => {
        oneLine('the greeting', client(security).take({ kind: 'greet' }));
      },
    })),
    {
      name: 'ends every reply to a command with CRLF',
      check: () => {
        for (const command of input.commands) {
          wholeLines(printable(command), client().hear(toBytes(command)));
        }
      },
    },
    {
      name: 'lets the client log in',
      check: () => {
        const actions = client().hear(toBytes(input.login));
        if (actions.at(-1)?.do === 'authenticate') return;
        throw contractBroken('the login', 'credentials', named(actions));
      },
    },
    ...replyCases(client, input),
    {
      name: 'ends the session at a command that does not end, holding and logging nothing of it',
      check: () => {
        checkOverflow(client(), input);
      },
    },
    {
      name: 'forgets with STARTTLS what the client said in the clear',
      check: () => {
        const one = client('offered');
        one.hear(toBytes(input.login));
        one.parser.reset();
        const left = textsIn(protocol.client.secured(one.state)).join('\n');
        const said = wordsOf(input.login).find((word) => left.includes(word));
        if (said !== undefined || one.parser.unread > 0) {
          throw contractBroken('the state after STARTTLS', 'nothing of the client', left);
        }
      },
    },
    ...earlyCases(protocol),
  ];
}

type Client<C extends CommandView, S, U, Conf extends object> = ContractClient<C, S, U, Conf>;

/** Refusals of the auth service and replies of modules, with texts that come from elsewhere. */
function replyCases<C extends CommandView, S, U, Conf extends object>(
  client: () => Client<C, S, U, Conf>,
  { login }: ContractInput<Conf>,
): readonly ContractCase[] {
  return hostileTexts.map((text) => ({
    name: `says a refusal with the text "${printable(Buffer.from(text))}" in one line`,
    check: () => {
      const one = client();
      one.hear(toBytes(login));
      oneLine('a refusal', one.take({ kind: 'refused', reply: { status: 'refused', text } }));
      one.take({ kind: 'greet' });
      oneLine(
        'a refusal that ends the session',
        one
          .take({ kind: 'refused', reply: { status: 'refused', text, close: true } })
          .filter((action) => action.do !== 'close'),
      );
    },
  }));
}

function checkOverflow<C extends CommandView, S, U, Conf extends object>(
  one: Client<C, S, U, Conf>,
  { login, longest }: ContractInput<Conf>,
): void {
  const [start = ''] = toText(toBytes(login)).split('\r\n');
  const marker = 'swordfish';
  let actions: readonly ClientAction[] = one.hear(toBytes(`${start} `));
  for (let sent = 0; actions.length === 0; sent += marker.length) {
    if (sent > endless) throw contractBroken('an endless command', 'an end', 'none');
    actions = one.hear(toBytes(marker));
    const { unread } = one.parser;
    if (unread <= longest + marker.length) continue;
    throw contractBroken('bytes held', `at most ${String(longest)}`, String(unread));
  }
  if (actions.at(-1)?.do !== 'close') throw contractBroken('the end', 'close', named(actions));
  wholeLines('an endless command', actions);
  const told = loggedBy(actions) + toText(sentBy(actions));
  if (told.includes(marker)) throw contractBroken('what is told', `no "${marker}"`, told);
}

/** Protocols that hold their greeting back. */
function earlyCases<C extends CommandView, S, U, Conf extends object>({
  heldGreeting,
}: Protocol<C, S, U, Conf>): readonly ContractCase[] {
  if (heldGreeting === undefined) return [];
  return [
    {
      name: 'turns a client away that does not wait for its greeting, with one line',
      check: () => {
        const actions = heldGreeting.early(toBytes(`one\r\ntwo\0${'x'.repeat(endless)}`));
        const last = actions.at(-1);
        if (last?.do !== 'close') throw contractBroken('the end', 'close', named(actions));
        oneLine('the reply', actions.slice(0, -1));
        const logged = loggedBy(actions);
        const isShort = logged.length < 1000;
        if (isShort && !['\r', '\n', '\0'].some((each) => logged.includes(each))) return;
        throw contractBroken('the log', 'one short line', printable(logged.slice(0, 2000)));
      },
    },
  ];
}

/** One `send` with one line, and besides it at most log messages. */
function oneLine(what: string, actions: readonly ClientAction[]): void {
  wholeLines(what, actions);
  const bytes = sentBy(actions);
  const isOne = bytes.length > 2 && bytes.indexOf('\r\n') === bytes.length - 2;
  const isQuiet = actions.every((each) => each.do === 'send' || each.do === 'log');
  if (!isOne || !isQuiet) throw contractBroken(what, 'one line', describe(actions));
}

/** Every reply ends with CRLF, and its lines hold no CR, LF or NUL. */
function wholeLines(what: string, actions: readonly ClientAction[]): void {
  for (const action of actions) {
    if (action.do !== 'send') continue;
    const lines = toText(action.bytes).split('\r\n');
    const isWhole = lines.length > 1 && lines.at(-1) === '';
    const isClean = lines.every((line) => !['\r', '\n', '\0'].some((each) => line.includes(each)));
    if (!isWhole || !isClean) throw contractBroken(what, 'whole lines', printable(action.bytes));
  }
}

const named = (actions: readonly ClientAction[]): string =>
  actions.map((each) => each.do).join(', ');

const describe = (actions: readonly ClientAction[]): string =>
  `${named(actions)}: "${printable(sentBy(actions))}"`;

/** Every text and all bytes that a state holds; a secret shows nothing. */
function textsIn(state: unknown): readonly string[] {
  if (typeof state === 'string') return [state];
  if (state instanceof Uint8Array) return [toText(state)];
  if (typeof state !== 'object' || state === null) return [];
  return Object.values(state).flatMap(textsIn);
}

/** The arguments of a command that are long enough to be told from other text. */
function wordsOf(login: string | Uint8Array): readonly string[] {
  return toText(toBytes(login))
    .split('\r\n')
    .flatMap((line) => line.split(' ').slice(1))
    .filter((word) => word.length > 5);
}
