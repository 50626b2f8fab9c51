/**
 * The name of a client as ngx_mail_smtp_handler.c finds it: the PTR record of its address, which counts only if it is
 * a plain host name whose own addresses lead back to the client. Whoever runs the reverse zone writes the PTR record,
 * so nothing but that check stands between it and `Client-Host` and XCLIENT.
 */
import { ipBytes, ipText, printable, type Session } from '@postern/core';
import { failureText, FailureCode } from './answer.js';
import type { Resolver } from './resolver.js';

/** There is no name: none is recorded, or it belongs to somebody else. */
const unavailable = '[UNAVAILABLE]';
/** A name could not be found out now. */
const temporarilyUnavailable = '[TEMPUNAVAIL]';

const longestHostName = 253;

/** Whether a name has only letters, digits, hyphens and dots, and 1 to 253 of them. */
export function isHostName(name: string): boolean {
  if (name.length === 0 || name.length > longestHostName) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (!isHostNameCharacter(name.charCodeAt(index))) return false;
  }
  return true;
}

function isHostNameCharacter(code: number): boolean {
  const lower = code | 0x20;
  const isLetter = lower >= 0x61 && lower <= 0x7a;
  const isDigit = code >= 0x30 && code <= 0x39;
  return isLetter || isDigit || code === 0x2d || code === 0x2e;
}

/** What {@link findClientName} needs of a session. */
export type NamedSession = Pick<Session, 'client' | 'closed' | 'onAbandon' | 'offAbandon'> & {
  readonly log: Pick<Session['log'], 'action' | 'error'>;
};

/**
 * The name of a session's client, `[UNAVAILABLE]` or `[TEMPUNAVAIL]`; failures are logged. Each of the two look-ups
 * takes at most `timeoutMs`, and both end when the client leaves.
 */
export async function findClientName(
  session: NamedSession,
  resolver: Resolver,
  timeoutMs: number,
): Promise<string> {
  const { client, log } = session;
  if (client.family === 'Unix') return temporarilyUnavailable;
  log.action = 'in resolving client address';
  const name = await resolver.nameOf(client.address, session, timeoutMs);
  if (name.kind === 'abandoned') return temporarilyUnavailable;
  if (name.kind === 'failed') return reportFailure(log, client.address, name.code);
  if (!isHostName(name.value)) {
    const shown = printable(Buffer.from(name.value, 'latin1'));
    log.error(`${client.address} resolved to invalid host name "${shown}"`);
    return temporarilyUnavailable;
  }
  log.action = 'in resolving client hostname';
  const addresses = await resolver.addressesOf(name.value, session, timeoutMs);
  if (addresses.kind === 'abandoned') return temporarilyUnavailable;
  if (addresses.kind === 'failed') return reportFailure(log, `"${name.value}"`, addresses.code);
  return addresses.value.includes(normal(client.address)) ? name.value : unavailable;
}

function reportFailure(log: NamedSession['log'], what: string, code: number): string {
  log.error(`${what} could not be resolved (${failureText(code)})`);
  return code === FailureCode.notFound ? unavailable : temporarilyUnavailable;
}

function normal(address: string): string {
  const bytes = ipBytes(address);
  return bytes === undefined ? address : ipText(bytes);
}
