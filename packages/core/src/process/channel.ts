/**
 * What a master and its workers say to each other, over the channel that Node opens to a child. Both run the same
 * program, so a message is checked for what it is and no further.
 */
import type { Snapshot } from '../config/source-files.js';
import type { WorkerAccount } from './privileges.js';

/** A socket that the master has bound and the worker has inherited, by the number of its descriptor there. */
export interface SharedSocket {
  /** In normal form. */
  readonly address: string;
  readonly fd: number;
}

/** The first order: all that a worker is to know. */
export interface StartOrder {
  readonly kind: 'start';
  /** What the master's configuration was read from. */
  readonly snapshot: Snapshot;
  /** Whether that was a moment ago; a worker that is replaced later may be of a newer program. */
  readonly isChecked: boolean;
  /** Without those that came by a {@link SocketOrder}. */
  readonly sockets: readonly SharedSocket[];
  /** Descriptors that the worker has inherited without a use for them. */
  readonly strays: readonly number[];
  /** What ticket keys are made of. */
  readonly ticketSecret: Buffer;
  /** Who to become; undefined where the master has no rights to drop. */
  readonly account: WorkerAccount | undefined;
  /** Whether the master has gone to the background. */
  readonly isDaemon: boolean;
}

/** Comes with a socket that the worker has not inherited, before the order to start. */
export interface SocketOrder {
  readonly kind: 'socket';
  /** In normal form. */
  readonly address: string;
}

/** `quit` lets sessions end, `terminate` does not, `reopen` is about logs. */
export type Order = StartOrder | SocketOrder | { readonly kind: 'quit' | 'terminate' | 'reopen' };

/** `ready`: accepts clients. `refused`: cannot listen, with nginx's sentence. */
export type Report =
  { readonly kind: 'ready' } | { readonly kind: 'refused'; readonly message: string };

function hasKind(message: unknown, kinds: readonly string[]): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    'kind' in message &&
    kinds.some((kind) => kind === message.kind)
  );
}

/** Whether a message is an {@link Order}. */
export function isOrder(message: unknown): message is Order {
  return hasKind(message, ['start', 'socket', 'quit', 'terminate', 'reopen']);
}

/** Whether a message is a {@link Report}. */
export function isReport(message: unknown): message is Report {
  return hasKind(message, ['ready', 'refused']);
}
