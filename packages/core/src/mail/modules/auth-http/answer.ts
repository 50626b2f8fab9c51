/** How a request to an auth server came out: an answer, or one of the failures nginx tells apart. */
import type { Session } from '../../session.js';
import type { AuthResponse } from './response-fields.js';
import type { AuthService } from './url.js';

/** A request and how to make it. */
export interface Question {
  readonly service: AuthService;
  /** The request's bytes; overwritten with zeros once they are no longer needed. */
  readonly request: Buffer;
  /** Connections kept when idle; 0 closes each as soon as the header of its answer is complete. */
  readonly keepAlive: number;
  /** Milliseconds for the whole exchange: connect, send, complete header. */
  readonly timeoutMs: number;
  /** Who waits for the answer. Once it is abandoned the exchange ends at once. */
  readonly attempt: LoginAttempt;
}

/** What the client needs to know of a session: whether anybody still waits. */
export type LoginAttempt = Pick<Session, 'closed' | 'onAbandon' | 'offAbandon'>;

/** How it came out. */
export type Answer =
  | { readonly kind: 'response'; readonly response: AuthResponse }
  /** The answer is not what it should be; `what` as in nginx's message. */
  | { readonly kind: 'invalid'; readonly what: 'response' | 'header in response' }
  /** The server closed before the header was complete, or the header was too large. Nothing is logged, as in nginx. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'timeout' }
  /** The connection could not be made or broke. */
  | { readonly kind: 'broken'; readonly error: NodeJS.ErrnoException }
  /** All `worker_connections` are taken. */
  | { readonly kind: 'exhausted' }
  /** Nobody waits any more. */
  | { readonly kind: 'abandoned' };
