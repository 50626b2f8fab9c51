/**
 * What every protocol must keep, whatever it speaks: the promises of `Parser`, `Protocol` and the dialogs in @postern/core. Cases
 * for any test runner: `for (const { name, check } of protocolContract(...)) test(name, check)`.
 */
import type { CommandView, Parsed, Parser, Protocol } from '@postern/core';
import { printable, toBytes } from './bytes-text.js';
import { checkBackendLogin, talkToBackend } from './contract-backend.js';
import { clientCases } from './contract-client-cases.js';
import { contractBroken } from './errors.js';

/** One promise. `check` throws with what was found where the promise is broken. */
export interface ContractCase {
  readonly name: string;
  readonly check: () => void;
}

/** What a client of the protocol says. */
export interface ContractInput<Conf extends object> {
  readonly conf: Conf;
  /** Commands in one string each, with their line ends, none of them a login. */
  readonly commands: readonly (string | Uint8Array)[];
  /** The commands of a login with at least six characters in user name and password each. */
  readonly login: string | Uint8Array;
  /** Bytes of the longest command that the parser holds in this configuration. */
  readonly longest: number;
  /** Whether commands to backends may have literals (RFC 9051, section 4.3). */
  readonly literals?: boolean;
}

const toldApart = (parsed: unknown): string =>
  JSON.stringify(parsed, (_key, value: unknown) =>
    value instanceof Uint8Array ? printable(value) : value,
  );

/** Everything the parser makes of `bytes`, pushed in pieces of `size`. */
function parseAll<C extends CommandView>(
  parser: Parser<C>,
  bytes: Buffer,
  size: number,
): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    parser.push(Buffer.from(bytes.subarray(at, at + size)));
    for (let next = parser.next('command'); next !== undefined; next = rest(parser, next)) {
      found.push(toldApart(next));
    }
    parser.retain();
  }
  return found;
}

/** What follows; behind an invitation the rest of the same command is expected. */
const rest = <C extends CommandView>(parser: Parser<C>, { kind }: Parsed<C>) =>
  parser.next(kind === 'invitation' ? 'rest' : 'command');

function same(what: string, expected: unknown, found: unknown): void {
  const texts = [toldApart(expected), toldApart(found)] as const;
  if (texts[0] !== texts[1]) throw contractBroken(what, texts[0], texts[1]);
}

/** The contract of `protocol`, checked with commands of its own language. */
export function protocolContract<C extends CommandView, S, U, Conf extends object>(
  protocol: Protocol<C, S, U, Conf>,
  input: ContractInput<Conf>,
): readonly ContractCase[] {
  return [
    ...replyCases(protocol),
    ...parserCases(protocol, input),
    ...clientCases(protocol, input),
    ...backendCases(protocol, input),
  ];
}

/** The constant replies. */
function replyCases<C extends CommandView, S, U, Conf extends object>({
  replies,
}: Protocol<C, S, U, Conf>): readonly ContractCase[] {
  return Object.entries(replies)
    .filter(([, reply]) => reply.length > 0)
    .map(([name, reply]) => ({
      name: `ends the reply ${name} with CRLF, once`,
      check: () => {
        same(name, reply.length - 2, Buffer.from(reply).indexOf('\r\n'));
      },
    }));
}

/** Credentials that would be more than one command if they were sent as they are. */
const hostileCredentials = [
  '\r\nDELE 1',
  '\nQUIT',
  '\rQUIT',
  '\0',
  '\r\n',
  '"',
  '\\',
  ' x',
  '{5}',
  '+=',
];

/** The login to a backend. */
function backendCases<C extends CommandView, S, U, Conf extends object>(
  protocol: Protocol<C, S, U, Conf>,
  input: ContractInput<Conf>,
): readonly ContractCase[] {
  const odd = (text: string) => [
    { login: toBytes(`u${text}`), secret: toBytes('p') },
    { login: toBytes('u'), secret: toBytes(`p${text}`) },
  ];
  return [
    {
      name: 'logs in to a backend, one command a piece',
      check: () => {
        const plain = { login: toBytes('alice'), secret: toBytes('secret') };
        if (talkToBackend(protocol, input, plain) === undefined) {
          throw contractBroken('a login of "alice"', 'commands', 'a refusal');
        }
        checkBackendLogin(protocol, input, plain);
      },
    },
    ...hostileCredentials.map((text) => ({
      name: `keeps credentials with "${printable(text)}" in one command a piece, or refuses them`,
      check: () => {
        for (const each of odd(text)) checkBackendLogin(protocol, input, each);
      },
    })),
  ];
}

/** The parser. */
function parserCases<C extends CommandView, S, U, Conf extends object>(
  protocol: Protocol<C, S, U, Conf>,
  { conf, commands }: ContractInput<Conf>,
): readonly ContractCase[] {
  const bytes = Buffer.concat(commands.map((each) => toBytes(each)));
  const parser = () => protocol.createParser(conf);
  return [
    ...[1, 2, 3, 7].map((size) => ({
      name: `reads the same commands in pieces of ${String(size)}`,
      check: () => {
        same('commands', parseAll(parser(), bytes, bytes.length), parseAll(parser(), bytes, size));
      },
    })),
    {
      name: 'holds back what was not read, and gives it away once',
      check: () => {
        const fresh = parser();
        fresh.push(bytes);
        fresh.retain();
        same('unread', bytes.length, fresh.unread);
        same('takeUnread', bytes, Buffer.from(fresh.takeUnread()));
        same('unread afterwards', 0, fresh.unread);
      },
    },
    {
      name: 'keeps its own copy of what it retains',
      check: () => {
        const fresh = parser();
        const lent = Buffer.from(bytes);
        fresh.push(lent);
        fresh.retain();
        lent.fill(0);
        same('takeUnread', bytes, Buffer.from(fresh.takeUnread()));
      },
    },
    {
      name: 'forgets everything when it is reset',
      check: () => {
        const fresh = parser();
        fresh.push(bytes.subarray(0, -1));
        fresh.reset();
        same('unread', 0, fresh.unread);
        same(
          'commands',
          parseAll(parser(), bytes, bytes.length),
          parseAll(fresh, bytes, bytes.length),
        );
      },
    },
  ];
}
