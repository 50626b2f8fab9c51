/** One TLS handshake of one connection: from a socket in clear text to what was agreed on, or the reason why not. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { OwnedSocket } from './owned-socket.js';
import type { TlsError } from './tls-error.js';
import type { TlsState } from './tls.js';

/** Told of the end of a handshake, once: `error` is why it failed. */
export type HandshakeDone = (error: TlsError | undefined) => void;

/** A TLS socket and its owner. */
export type OwnedTlsSocket = TLSSocket & OwnedSocket;

/** The server's or the client's part in a handshake. */
export interface TlsSide {
  /** Puts TLS over a connected socket; the handshake begins. The owner is told by `socketSecured`. */
  wrap(socket: Socket): OwnedTlsSocket;
  /** What a finished handshake agreed on, or why that is not enough. */
  judge(socket: TLSSocket): TlsState | TlsError;
}

/** A handshake under way. */
export class Handshake {
  readonly side: TlsSide;
  /** What was already read of the peer's part. */
  readonly ahead: Uint8Array;
  /** The TLS socket, once what had been written in clear text has left. */
  socket: OwnedTlsSocket | undefined = undefined;
  /** Whether the peers agree; `done` follows a turn later. */
  agreed = false;
  #done: HandshakeDone | undefined;

  constructor(side: TlsSide, ahead: Uint8Array, done: HandshakeDone) {
    this.side = side;
    this.ahead = ahead;
    this.#done = done;
  }

  /** Tells of the end, the first time it is called. */
  settle(error: TlsError | undefined): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(error);
  }
}
