/** What the sessions of one worker share. */
import type { ConnectionSlots } from '../net/slots.js';
import type { Sweep } from '../net/sweep.js';
import type { MailHooks } from './phases.js';
import type { MailSession } from './mail-session.js';
import type { Relay } from '../net/relay.js';

/** Shared by all sessions of a cycle in one worker. */
export interface MailRuntime {
  readonly hooks: MailHooks;
  readonly sweep: Sweep;
  readonly connections: ConnectionSlots;
  /** Sessions before their relay, so that a stop can end them. */
  readonly sessions: Set<MailSession>;
  /** Sessions being relayed. */
  readonly relays: Set<Relay>;
  /** Whether `worker_shutdown_timeout` has passed: from then on a session ends where its relay would begin. */
  shutDown: boolean;
}
