/**
 * What a master and its workers say to each other, over the channel that Node opens to a child. Both run the same
 * program, so a message is checked for what it is and no further.
 */
import type { Snapshot } from '../config/source-files.js';
import type { NumberBlock, NumberShare } from '../net/connection-numbers.js';
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
  /** The zones of TLS sessions that may have any. */
  readonly zones: readonly ZoneUse[];
  /** Its numbers of connections. */
  readonly numbers: NumberShare;
  /** Who to become; undefined where the master has no rights to drop. */
  readonly account: WorkerAccount | undefined;
  /** The CPUs that it was bound to at its start; undefined where it was not. */
  readonly cpus: readonly number[] | undefined;
  /** Whether the master has gone to the background. */
  readonly isDaemon: boolean;
}

/** Comes with a socket that the worker has not inherited, before the order to start. */
export interface SocketOrder {
  readonly kind: 'socket';
  /** In normal form. */
  readonly address: string;
}

/** Says that a zone of the master may have sessions for so long. */
export interface ZoneUse {
  readonly zone: string;
  readonly forMs: number;
}

/** What was asked for: more numbers of connections, or a TLS session where there is one; and news of a zone. */
export type Supply =
  | { readonly kind: 'numbers'; readonly block: NumberBlock }
  | {
      readonly kind: 'session';
      readonly question: number;
      readonly session: Uint8Array | undefined;
    }
  | ({ readonly kind: 'zone' } & ZoneUse);

/** `quit` lets sessions end, `terminate` does not, `reopen` is about logs. */
export type Order =
  StartOrder | SocketOrder | Supply | { readonly kind: 'quit' | 'terminate' | 'reopen' };

/** A TLS session for a zone (`ssl_session_cache shared`) of the master, to be kept for `lifeMs`. */
export interface KeepWish {
  readonly kind: 'keep';
  readonly zone: string;
  readonly id: Uint8Array;
  readonly session: Uint8Array;
  readonly lifeMs: number;
}

/** The number of a question, and what TLS session it is about. */
export interface FindWish {
  readonly kind: 'find';
  readonly question: number;
  readonly zone: string;
  readonly id: Uint8Array;
}

/** What a worker asks for while it serves; `count` for so many more numbers of connections. */
export type Wish = { readonly kind: 'count'; readonly count: number } | KeepWish | FindWish;

/** A sign of life. */
export interface Beat {
  readonly kind: 'beat';
}

/** `ready`: accepts clients. `refused`: cannot listen, with nginx's sentence. */
export type Outcome =
  { readonly kind: 'ready' } | { readonly kind: 'refused'; readonly message: string };

/** What a worker says. */
export type Report = Outcome | Wish | Beat;

function hasKind(message: unknown, kinds: Readonly<Record<string, true>>): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    'kind' in message &&
    typeof message.kind === 'string' &&
    Object.hasOwn(kinds, message.kind)
  );
}

const orders: Readonly<Record<Order['kind'], true>> = {
  start: true,
  socket: true,
  quit: true,
  terminate: true,
  reopen: true,
  numbers: true,
  session: true,
  zone: true,
};

const reports: Readonly<Record<Report['kind'], true>> = {
  ready: true,
  refused: true,
  beat: true,
  count: true,
  keep: true,
  find: true,
};

/** Whether a message is an {@link Order}. */
export function isOrder(message: unknown): message is Order {
  return hasKind(message, orders);
}

/** Whether a message is a {@link Report}. */
export function isReport(message: unknown): message is Report {
  return hasKind(message, reports);
}
