/**
 * The end of a connection that shall lose nothing: what was written is sent, then FIN; what the peer still sends is read
 * and dropped for a moment, since closing a socket with unread input makes the kernel send RST, which can
 * overtake the last reply.
 */
import type { Connection, Receiver } from './connection.js';
import type { Expiring, Sweep } from './sweep.js';

/** Milliseconds that a peer has to take the last reply and close. */
export const lingerMs = 1000;

class Linger implements Receiver, Expiring {
  expiresAt = 0;
  readonly #connection: Connection;
  readonly #sweep: Sweep;

  constructor(connection: Connection, sweep: Sweep) {
    this.#connection = connection;
    this.#sweep = sweep;
  }

  received(): void {
    // Dropped: nobody is left to answer it.
  }

  ended(connection: Connection): void {
    if (connection.flushed) connection.destroy();
  }

  closed(): void {
    this.#sweep.delete(this);
  }

  expired(): void {
    this.#sweep.delete(this);
    this.#connection.destroy();
  }
}

/** Ends `connection` in order. */
export function linger(connection: Connection, sweep: Sweep): void {
  if (connection.closed) return;
  connection.flush();
  if (connection.peerEnded && connection.flushed) {
    connection.destroy();
    return;
  }
  const lingering = new Linger(connection, sweep);
  connection.receiver = lingering;
  connection.start();
  connection.end();
  sweep.add(lingering, lingerMs);
}
