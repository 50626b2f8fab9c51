/**
 * A socket without the stream machinery: bytes are handed to a receiver in the buffer they were read into, and
 * written with an answer whether anything is still unsent. Listeners are shared functions (`owned-socket.ts`); a
 * connection costs one small object beside its socket. TLS puts another socket over the first one, in place or in
 * mid-life, and nothing else changes for the receiver.
 */
import type { Socket } from 'node:net';
import {
  disown,
  drainAtFinish,
  newSocket,
  own,
  readByEvent,
  type OwnedSocket,
  type SocketOwner,
} from './owned-socket.js';
import { borrowBuffer, bulkThreshold, returnBuffer, sharedBuffer } from './read-buffer.js';
import type { ConnectionSlots } from './slots.js';
import { clientSide } from './tls-client.js';
import {
  handshakeAbandoned,
  handshakeError,
  peerClosed,
  streamError,
  TlsError,
} from './tls-error.js';
import { Handshake, type HandshakeDone } from './tls-handshake.js';
import { serverSide } from './tls-server.js';
import type { TlsClientOptions, TlsServerOptions, TlsState } from './tls.js';
import { flushAtEndOfTurn, type Sender } from './turn.js';

/** Who gets what a connection reads. */
export interface Receiver {
  /** Bytes; valid only during the call. */
  received(bytes: Buffer, connection: Connection): void;
  /** The peer has finished sending. */
  ended(connection: Connection): void;
  /** The socket is gone. `error` is what broke it, where something did. */
  closed(connection: Connection, error: NodeJS.ErrnoException | undefined): void;
}

/** Receives nothing: for connections that nobody owns any more. */
const nobody: Receiver = {
  received: () => undefined,
  ended: (connection) => {
    connection.destroy();
  },
  closed: () => undefined,
};

const nothing = Buffer.alloc(0);

/** One socket and who receives from it. */
export class Connection implements SocketOwner, Sender {
  receiver: Receiver;
  /** What broke the socket, once something did. */
  error: NodeJS.ErrnoException | undefined = undefined;
  closed = false;
  /** Whether the peer has finished sending. */
  peerEnded = false;
  /** Where the slot of this connection goes when its socket is gone. */
  slots: ConnectionSlots | undefined = undefined;
  /** What the TLS handshake agreed on; undefined in clear text. */
  tls: TlsState | undefined = undefined;
  /** What is read and written: the TLS socket once there is one, else `#transport`. */
  #socket: OwnedSocket;
  /** The socket of the kernel's connection. */
  readonly #transport: OwnedSocket;
  #handshake: Handshake | undefined = undefined;
  #waiting: (() => void)[] | undefined = undefined;
  // What was sent in this turn.
  #held: Uint8Array[] | undefined = undefined;
  #own: Buffer | undefined = undefined;
  // Whether bytes in #own wait in a write of another connection.
  #lent = false;
  // Whether each read comes in memory of its own.
  #readsFresh: boolean;
  #stopped = false;

  private constructor(socket: OwnedSocket, receiver: Receiver, readsFresh: boolean) {
    this.#socket = socket;
    this.#transport = socket;
    this.receiver = receiver;
    this.#readsFresh = readsFresh;
    own(socket, this);
  }

  /** Takes over an accepted handle of the runtime; reading starts at once. `isNoDelay`: TCP_NODELAY is set already. */
  static accept(handle: unknown, receiver: Receiver, isNoDelay = false): Connection {
    const socket = newSocket(handle);
    if (!isNoDelay) socket.setNoDelay(true);
    return new Connection(socket, receiver, false);
  }

  /** Takes over a socket that came by an event; used where the runtime does not hand out accepted handles. */
  static adopt(socket: Socket, receiver: Receiver): Connection {
    const owned: OwnedSocket = Object.assign(socket, { owner: undefined });
    const connection = new Connection(owned, receiver, true);
    readByEvent(owned);
    return connection;
  }

  /** Opens a connection; `receiver.closed` tells of a failure, `connected` of success. */
  static open(
    target: { readonly host: string; readonly port: number } | { readonly path: string },
    receiver: Receiver,
    connected: (connection: Connection) => void,
  ): Connection {
    const socket = newSocket(undefined);
    const connection = new Connection(socket, receiver, false);
    socket.setNoDelay(true);
    socket.connect(target, () => {
      connected(connection);
    });
    return connection;
  }

  /** The buffer of the next read. */
  get readBuffer(): Buffer {
    return this.#own ?? sharedBuffer;
  }

  /** Whether everything written has left for the kernel. */
  get flushed(): boolean {
    return this.#held === undefined && this.#socket.writableLength === 0;
  }

  /**
   * Whether it can be closed at once and the peer misses nothing: all has left, and no close_notify is due. As in nginx
   * none is for a peer that has finished sending.
   */
  get owesNothing(): boolean {
    return this.flushed && (this.tls === undefined || this.peerEnded);
  }

  /** Bytes written that have not left for the kernel. */
  get unsent(): number {
    const held = this.#held?.reduce((sum, { length }) => sum + length, 0) ?? 0;
    return held + this.#socket.writableLength;
  }

  /** Our end of the connection as the kernel names it. */
  get localAddress(): { readonly address: string; readonly port: number } {
    return { address: this.#transport.localAddress ?? '', port: this.#transport.localPort ?? 0 };
  }

  /** The peer as the kernel names it; empty for a Unix socket. */
  get remoteAddress(): { readonly address: string; readonly port: number } {
    return { address: this.#transport.remoteAddress ?? '', port: this.#transport.remotePort ?? 0 };
  }

  /** Writes bytes, which stay as they are until then, at the end of this turn of the event loop. */
  send(bytes: Uint8Array): void {
    if (!this.#socket.writable || bytes.length === 0) return;
    if (this.#held === undefined) {
      this.#held = [bytes];
      flushAtEndOfTurn(this);
    } else {
      this.#held.push(bytes);
    }
  }

  /** Writes now what was sent in this turn. */
  flush(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    if (!this.#socket.writable) return;
    if (held.length > 1) this.#socket.cork();
    for (const bytes of held) this.#socket.write(bytes);
    if (held.length > 1) this.#socket.uncork();
  }

  /** Calls back once everything written so far has left for the kernel, or the socket is gone. */
  whenFlushed(callback: () => void): void {
    this.flush();
    if (this.flushed) callback();
    else if (this.#socket.writableNeedDrain) (this.#waiting ??= []).push(callback);
    else this.#socket.write(nothing, callback);
  }

  /** `so_keepalive`: whether the kernel probes a silent peer, and after how many ms for the first time (0: its default). */
  keepAlive(on: boolean, idleMs: number): void {
    this.#transport.setKeepAlive(on, idleMs);
  }

  /** Stops reading. */
  stop(): void {
    this.#stopped = true;
    this.#socket.pause();
  }

  /** Reads on. */
  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    if (this.#handshake === undefined) this.#socket.resume();
  }

  /**
   * Passes bytes that `from` is just being given: a bulk read now, a short one at the end of this turn like all that is
   * sent. A turn may bring many short ones (TLS records), and who does not take them is to be noticed: one is held, not more.
   * Returns whether `from` may read on; while it may not, the buffer the bytes lie in may be in use, until `from.settle()`.
   */
  forward(bytes: Buffer, from: Connection): boolean {
    if (bytes.length < bulkThreshold && this.flushed) {
      this.send(from.#keepable(bytes));
      return true;
    }
    this.flush();
    if (!this.#socket.writable) return true;
    this.#socket.write(from.#keepable(bytes));
    if (this.#socket.writableLength === 0) {
      from.#lent = false;
      return true;
    }
    return false;
  }

  /**
   * Bytes of a read in memory that stays as it is until `settle`, and the buffer of the next read chosen: a large read
   * is followed by others and gets a buffer of its own, which needs no copies; a small one gives it back.
   */
  #keepable(bytes: Buffer): Buffer {
    if (this.#readsFresh) return bytes;
    if (bytes.length >= bulkThreshold && this.#own !== undefined) {
      this.#lent = true;
      return bytes;
    }
    const copy = Buffer.from(bytes);
    if (bytes.length >= bulkThreshold) this.#own = borrowBuffer();
    else this.dropBuffer();
    return copy;
  }

  /** The bytes last forwarded from here have left; reading may go on. */
  settle(): void {
    this.#lent = false;
    if (this.closed) this.dropBuffer();
    else this.start();
  }

  /** Gives a borrowed read buffer back, unless its bytes are still waiting in a write. */
  dropBuffer(): void {
    if (this.#own === undefined || this.#lent) return;
    returnBuffer(this.#own);
    this.#own = undefined;
  }

  /** Lets the process end although the connection is open; for idle connections of a pool. */
  unref(): void {
    this.#transport.unref();
  }

  /** Takes {@link unref} back. */
  ref(): void {
    this.#transport.ref();
  }

  /** Sends close_notify, where there is TLS, and FIN behind everything written; reading goes on. */
  end(): void {
    this.flush();
    if (!this.#socket.writable) return;
    if (this.#waiting !== undefined) drainAtFinish(this.#socket);
    this.#socket.end();
  }

  /** Closes at once; what the kernel does not take now is lost. */
  destroy(): void {
    this.flush();
    this.#socket.destroy();
  }

  /** Closes with RST. */
  reset(): void {
    this.#transport.resetAndDestroy();
  }

  /** Leaves the connection to itself: what it receives is discarded, its end closes it. */
  abandon(): void {
    this.receiver = nobody;
  }

  /**
   * Becomes the server's side of TLS. What was written leaves in clear text first; what the receiver was given is
   * its own to drop, and what of it belongs to the handshake comes back as `ahead`. From here to `done` nothing may
   * be written, and the receiver is given nothing.
   *
   * `done` is called once. Without an error, {@link tls} is set and what the client sends comes a turn later. With one
   * the connection is being destroyed: `receiver.closed` follows. That goes for a connection that its owner destroys, too.
   */
  secure(options: TlsServerOptions, done: HandshakeDone, ahead: Uint8Array = nothing): void {
    this.#begin(new Handshake(serverSide(options), ahead, done));
  }

  /** Becomes the client's side of TLS; everything else as in {@link secure}. The server's certificate is checked first. */
  secureAsClient(options: TlsClientOptions, done: HandshakeDone): void {
    this.#begin(new Handshake(clientSide(options), nothing, done));
  }

  #begin(handshake: Handshake): void {
    if (this.closed) {
      handshake.settle(handshakeAbandoned());
      return;
    }
    this.#handshake = handshake;
    this.#transport.pause();
    this.whenFlushed(() => {
      this.#wrap(handshake);
    });
  }

  #wrap(handshake: Handshake): void {
    const transport = this.#transport;
    if (transport.destroyed) return;
    if (this.peerEnded) {
      transport.destroy(peerClosed());
      return;
    }
    const socket = handshake.side.wrap(transport);
    disown(transport);
    // What is put back is the first that OpenSSL reads.
    if (handshake.ahead.length > 0) transport.unshift(handshake.ahead);
    handshake.socket = socket;
    this.#socket = socket;
    own(socket, this);
  }

  // Runs a turn after the handshake: only then are the tickets of TLS 1.3 written, and a client that leaves after one
  // line has them.
  static #conclude(connection: Connection): void {
    const handshake = connection.#handshake;
    const socket = handshake?.socket;
    if (handshake === undefined || socket === undefined || socket.destroyed) return;
    const verdict = handshake.side.judge(socket);
    if (verdict instanceof TlsError) {
      socket.destroy(verdict);
      return;
    }
    connection.tls = verdict;
    handshake.settle(undefined);
    setImmediate(Connection.#flow, connection);
  }

  // Runs a turn after `done`, so that an owner that awaits it is ready for the first bytes.
  static #flow(connection: Connection): void {
    const socket = connection.#socket;
    connection.#handshake = undefined;
    connection.#readsFresh = true;
    connection.dropBuffer();
    if (socket.destroyed) return;
    readByEvent(socket);
    if (connection.#stopped) socket.pause();
    else socket.resume();
    if (connection.peerEnded) connection.receiver.ended(connection);
  }

  /** Called by the socket only, as the following five are. */
  socketRead(bytes: Buffer): void {
    this.receiver.received(bytes, this);
  }

  socketEnded(): void {
    this.peerEnded = true;
    if (this.#handshake === undefined) this.receiver.ended(this);
    else if (!this.#handshake.agreed) this.#socket.destroy(peerClosed());
  }

  socketFailed(error: NodeJS.ErrnoException): void {
    if (this.tls !== undefined) this.error = streamError(error);
    else if (this.#handshake === undefined) this.error = error;
    else {
      const failure = handshakeError(error);
      this.error = failure;
      this.#handshake.settle(failure);
    }
  }

  socketClosed(): void {
    this.closed = true;
    this.#handshake?.settle(handshakeAbandoned());
    this.socketDrained();
    this.dropBuffer();
    this.slots?.release();
    this.receiver.closed(this, this.error);
  }

  socketDrained(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    for (const callback of waiting) callback();
  }

  socketSecured(): void {
    if (this.#handshake === undefined || this.#handshake.agreed) return;
    this.#handshake.agreed = true;
    setImmediate(Connection.#conclude, this);
  }
}
