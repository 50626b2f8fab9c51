/**
 * What every protocol must keep when it logs in to a backend: whatever the credentials are, the backend reads one
 * command in each piece it is sent, or is sent nothing of them.
 */
import { Secret, type CommandView, type Protocol } from '@postern/core';
import { printable, toBytes } from './bytes-text.js';
import { contextOf, ContractClient } from './contract-client.js';
import { announcedLiteral, automaticBackend } from './default-backend.js';
import { contractBroken } from './errors.js';
import type { ContractInput } from './protocol-contract.js';

/** A login and a password, as the auth service has approved them. */
export interface Approved {
  readonly login: Uint8Array;
  readonly secret: Uint8Array;
}

/** Steps after which a dialog that does not come to an end is broken. */
const mostSteps = 32;

/** Logs in to a backend that agrees to everything. Gives what it was sent, or undefined where the dialog does not begin. */
export function talkToBackend<C extends CommandView, S, U, Conf extends object>(
  protocol: Protocol<C, S, U, Conf>,
  input: ContractInput<Conf>,
  { login, secret }: Approved,
): readonly Buffer[] | undefined {
  const started = startLogin(protocol, input, { login, secret });
  if (started === undefined) return undefined;
  const { upstream } = protocol;
  const backend = automaticBackend(protocol.name);
  const sent: Buffer[] = [];
  let { state } = started;
  let reply: Buffer = Buffer.from(backend.greeting);
  for (let steps = 0; steps < mostSteps; steps += 1) {
    const length = upstream.replyLength(state, reply);
    if (length === 0 || length !== reply.length) throw notOneReply(sent, reply);
    const step = upstream.step(state, reply);
    if (step.do === 'relay' || step.do === 'abort') return sent;
    if (step.do !== 'send') throw contractBroken('a login', 'an end', step.do);
    state = step.state;
    sent.push(Buffer.from(step.bytes));
    reply = backend.push(step.bytes);
  }
  throw contractBroken('a login', `an end in ${String(mostSteps)} steps`, 'none');
}

/** The dialog's first state, or undefined where it refuses the credentials. */
function startLogin<C extends CommandView, S, U, Conf extends object>(
  protocol: Protocol<C, S, U, Conf>,
  { conf, login: commands }: ContractInput<Conf>,
  { login, secret }: Approved,
): { readonly state: U } | undefined {
  const context = contextOf(conf);
  const client = new ContractClient(protocol, context);
  client.take({ kind: 'greet' });
  const submitted = client.hear(toBytes(commands)).find((each) => each.do === 'authenticate');
  if (submitted === undefined) throw contractBroken('the login', 'credentials', 'none');
  try {
    const state = protocol.upstream.start({
      conf,
      serverName: context.serverName,
      login,
      secret: new Secret(secret),
      client: client.state,
      method: submitted.credentials.method,
      peer: { address: '192.0.2.1', port: 40_000, family: 'IPv4' },
      clientName: protocol.namesClient ? '[UNAVAILABLE]' : undefined,
      startTls: false,
    });
    return { state };
  } catch {
    return undefined;
  }
}

const notOneReply = (sent: readonly Buffer[], reply: Buffer) =>
  contractBroken(
    `the backend's answer to "${printable(sent.at(-1) ?? '')}"`,
    'one reply',
    `"${printable(reply)}"`,
  );

/**
 * Checks that these credentials reach the backend in one command per piece, or not at all. Throws what was found.
 * Outside of literals no line has CR, LF or NUL, and there is one line per piece.
 */
export function checkBackendLogin<C extends CommandView, S, U, Conf extends object>(
  protocol: Protocol<C, S, U, Conf>,
  input: ContractInput<Conf>,
  credentials: Approved,
): void {
  const sent = talkToBackend(protocol, input, credentials);
  if (sent === undefined) return;
  const all = Buffer.concat(sent);
  const lines = linesOf(all, input.literals === true);
  if (lines === sent.length) return;
  const found = lines === undefined ? 'a stray CR, LF or NUL' : `${String(lines)} lines`;
  throw contractBroken(`"${printable(all)}"`, `${String(sent.length)} lines`, found);
}

/** The number of lines, literals passed over; undefined where a line holds what could end it elsewhere. */
function linesOf(bytes: Buffer, literals: boolean): number | undefined {
  let count = 0;
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return undefined;
    const line = bytes.subarray(at, end);
    if ([0x00, 0x0a, 0x0d].some((byte) => line.includes(byte))) return undefined;
    const literal = literals ? announcedLiteral(line.toString('latin1')) : undefined;
    at = end + 2 + (literal?.length ?? 0);
    count += 1;
  }
  return at === bytes.length ? count : undefined;
}
