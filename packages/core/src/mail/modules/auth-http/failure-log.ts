/** nginx's log lines about an auth server that did not answer. */
import { logBroken } from '../../broken-peer.js';
import { timedOut } from '../../errors.js';
import type { SessionLog } from '../../session-log.js';
import type { ConnectionSlots } from '../../../net/slots.js';
import type { Answer } from './answer.js';

/** An answer that is none. */
export type Failure = Exclude<Answer, { readonly kind: 'response' }>;

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
      logBroken(failure.error, { name }, log);
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
