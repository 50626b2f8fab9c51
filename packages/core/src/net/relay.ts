/**
 * The proxied session: bytes from one socket to the other and nothing else. Per chunk there is no parser, hook, log,
 * promise or closure. A side that does not take its bytes stops the other from being read. A client's FIN
 * is passed on and the backend's bytes still arrive; the backend's FIN ends the session once its bytes are sent.
 */
import type { Connection, Receiver } from './connection.js';
import type { Expiring, Sweep } from './sweep.js';

/** Milliseconds without a byte that a session lives after its client has finished sending. */
export const halfClosedMs = 5000;

/** How a relay ended. `done`: one side finished and its bytes were delivered. */
export type RelayEnd = 'done' | 'broken' | 'timeout' | 'shutdown';

/** What broke a relay, and on which side. */
export interface RelayFault {
  readonly side: 'client' | 'backend';
  readonly error: NodeJS.ErrnoException;
}

/** Who is told of the end of a relay. */
export interface RelayOwner {
  relayEnded(end: RelayEnd, fault: RelayFault | undefined): void;
}

/** Moves the bytes of one session. */
export class Relay implements Receiver, Expiring {
  expiresAt = 0;
  readonly #client: Connection;
  readonly #backend: Connection;
  readonly #sweep: Sweep;
  readonly #owner: RelayOwner;
  #idleMs: number;
  #over = false;
  #halfClosed = false;

  constructor(
    client: Connection,
    backend: Connection,
    sweep: Sweep,
    options: { readonly idleMs: number; readonly owner: RelayOwner },
  ) {
    this.#client = client;
    this.#backend = backend;
    this.#sweep = sweep;
    this.#owner = options.owner;
    this.#idleMs = options.idleMs;
  }

  /** Takes both connections over. */
  start(): void {
    this.#client.receiver = this;
    this.#backend.receiver = this;
    this.#sweep.add(this, this.#idleMs);
    for (const connection of [this.#client, this.#backend]) {
      if (connection.closed) this.closed(connection, connection.error);
      else if (connection.peerEnded) this.ended(connection);
      else connection.start();
    }
  }

  received(bytes: Buffer, from: Connection): void {
    this.expiresAt = this.#sweep.now + this.#idleMs;
    const to = from === this.#client ? this.#backend : this.#client;
    if (to.forward(bytes, from)) return;
    from.stop();
    to.whenFlushed(() => {
      this.#flushed(from);
    });
  }

  #flushed(from: Connection): void {
    this.expiresAt = this.#sweep.now + this.#idleMs;
    from.settle();
  }

  ended(from: Connection): void {
    if (this.#over) return;
    if (from === this.#client) {
      this.#halfClosed = true;
      this.#idleMs = Math.min(this.#idleMs, halfClosedMs);
      this.#sweep.add(this, this.#idleMs);
      this.#backend.end();
    } else {
      this.#client.whenFlushed(() => {
        this.#finish('done');
      });
    }
  }

  closed(from: Connection, error: NodeJS.ErrnoException | undefined): void {
    if (this.#over) return;
    const side = from === this.#client ? 'client' : 'backend';
    if (error !== undefined) this.#finish('broken', { side, error });
    else if (side === 'client') this.#finish('broken');
    else this.ended(from);
  }

  expired(): void {
    this.#finish(this.#halfClosed ? 'done' : 'timeout');
  }

  /** Ends the session of a worker that must go. */
  shutDown(): void {
    this.#finish('shutdown');
  }

  #finish(end: RelayEnd, fault?: RelayFault): void {
    if (this.#over) return;
    this.#over = true;
    this.#sweep.delete(this);
    this.#owner.relayEnded(end, fault);
  }
}
