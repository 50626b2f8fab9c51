/** nginx's log lines about an auth server that did not answer. */
import type { LogLevel } from '../../../log/levels.js';
import { timedOut } from '../../errors.js';
import type { SessionLog } from '../../session-log.js';
import type { ConnectionSlots } from '../../../net/slots.js';
import type { Answer } from './answer.js';

/** An answer that is none. */
export type Failure = Exclude<Answer, { readonly kind: 'response' }>;

/** What a failed connect is called error for; the rest is crit (ngx_event_connect_peer). */
const ordinary: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENETDOWN',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EAGAIN',
]);

/** Failures of a TCP connect that the kernel tells later, when nginx is already waiting for the answer. */
const later: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ETIMEDOUT',
]);

/** Writes what nginx writes. `name` is the server's address as in messages. */
export function logFailure(
  failure: Failure,
  name: string,
  log: SessionLog,
  slots: ConnectionSlots,
): void {
  switch (failure.kind) {
    case 'invalid':
      log.error(`auth http server ${name} sent invalid ${failure.what}`);
      return;
    case 'timeout':
      log.error(`auth http server ${name} timed out`, timedOut);
      return;
    case 'broken':
      logBroken(failure.error, name, log);
      return;
    case 'exhausted':
      log.write('alert', slots.exhausted);
      return;
    case 'incomplete':
    case 'abandoned':
      return;
    default:
      failure satisfies never;
  }
}

function logBroken(error: NodeJS.ErrnoException, name: string, log: SessionLog): void {
  const code = error.code ?? '';
  if (error.syscall === 'connect' && (name.toLowerCase().startsWith('unix:') || !later.has(code))) {
    const level: LogLevel = ordinary.has(code) ? 'error' : 'crit';
    log.write(level, `connect() to ${name} failed`, error);
    return;
  }
  log.error(error.syscall === 'write' ? 'send() failed' : 'recv() failed', error);
}
