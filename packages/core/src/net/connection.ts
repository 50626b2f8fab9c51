/**
 * A socket without the stream machinery: bytes are handed to a receiver in the buffer they were read into, and
 * written with an answer whether anything is still unsent. Listeners are shared functions; a connection costs
 * one small object beside its socket. Reads go to `read-buffer.ts` where the runtime lets a socket choose its buffer
 * (`onread`), else they come as 'data' events.
 */
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';
import { borrowBuffer, bulkThreshold, returnBuffer, sharedBuffer } from './read-buffer.js';
import type { ConnectionSlots } from './slots.js';

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

/** A socket that knows its connection, so that listeners need no closure. */
type OwnedSocket = Socket & { connection: Connection | undefined };

class ConnectionSocket extends Socket {
  connection: Connection | undefined;
}

// What the next read of the socket in whose callback we are goes to; `chooseBuffer` runs right after the callback.
let nextBuffer: Buffer = sharedBuffer;
const chooseBuffer = (): Buffer => nextBuffer;

function onRead(this: OwnedSocket, length: number, buffer: Uint8Array): boolean {
  const { connection } = this;
  if (connection === undefined) return true;
  connection.receiver.received(viewOf(buffer, length), connection);
  nextBuffer = connection.readBuffer;
  return true;
}

/** What the constructor of a socket takes, besides what its types say. */
interface SocketOptions extends SocketConstructorOpts {
  handle: unknown;
  readonly onread: OnReadOpts;
}

// One object for all sockets, with every option that the constructor sets itself: its shape stays the same, and a
// constructor that sees one shape is several times as fast as one that sees a new one each time.
const options: SocketOptions & Readonly<Record<string, unknown>> = {
  handle: undefined,
  allowHalfOpen: true,
  onread: { buffer: chooseBuffer, callback: onRead },
  emitClose: false,
  autoDestroy: true,
  decodeStrings: false,
};

function newSocket(handle: unknown): OwnedSocket {
  nextBuffer = sharedBuffer;
  options.handle = handle;
  const socket = new ConnectionSocket(options);
  options.handle = undefined;
  return socket;
}

function viewOf(buffer: Uint8Array, length: number): Buffer {
  return Buffer.isBuffer(buffer)
    ? buffer.subarray(0, length)
    : Buffer.from(buffer.buffer, buffer.byteOffset, length);
}

function onData(this: OwnedSocket, bytes: Buffer): void {
  this.connection?.receiver.received(bytes, this.connection);
}

function onEnd(this: OwnedSocket): void {
  if (this.connection === undefined) return;
  this.connection.peerEnded = true;
  this.connection.receiver.ended(this.connection);
}

function onError(this: OwnedSocket, error: NodeJS.ErrnoException): void {
  if (this.connection !== undefined) this.connection.error = error;
}

function onClose(this: OwnedSocket): void {
  const { connection } = this;
  if (connection === undefined) return;
  connection.closed = true;
  connection.dropBuffer();
  connection.slots?.release();
  connection.receiver.closed(connection, connection.error);
}

/** One socket and who receives from it. */
export class Connection {
  receiver: Receiver;
  /** What broke the socket, once something did. */
  error: NodeJS.ErrnoException | undefined = undefined;
  closed = false;
  /** Whether the peer has finished sending. */
  peerEnded = false;
  /** Where the slot of this connection goes when its socket is gone. */
  slots: ConnectionSlots | undefined = undefined;
  readonly #socket: OwnedSocket;
  #own: Buffer | undefined = undefined;
  // Whether bytes in #own wait in a write of another connection.
  #lent = false;
  #stopped = false;

  private constructor(socket: OwnedSocket, receiver: Receiver) {
    this.#socket = socket;
    this.receiver = receiver;
    socket.connection = this;
    socket.on('end', onEnd);
    socket.on('error', onError);
    socket.on('close', onClose);
  }

  /** Takes over an accepted handle of the runtime; reading starts at once. */
  static accept(handle: unknown, receiver: Receiver): Connection {
    const socket = newSocket(handle);
    socket.setNoDelay(true);
    return new Connection(socket, receiver);
  }

  /** Takes over a socket that came by an event; used where the runtime does not hand out accepted handles. */
  static adopt(socket: Socket, receiver: Receiver): Connection {
    const owned: OwnedSocket = Object.assign(socket, { connection: undefined });
    const connection = new Connection(owned, receiver);
    owned.on('data', onData);
    return connection;
  }

  /** Opens a connection; `receiver.closed` tells of a failure, `connected` of success. */
  static open(
    target: { readonly host: string; readonly port: number } | { readonly path: string },
    receiver: Receiver,
    connected: (connection: Connection) => void,
  ): Connection {
    const socket = newSocket(undefined);
    const connection = new Connection(socket, receiver);
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
    return this.#socket.writableLength === 0;
  }

  /** Bytes written that have not left for the kernel. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  /** Our end of the connection as the kernel names it. */
  get localAddress(): { readonly address: string; readonly port: number } {
    return { address: this.#socket.localAddress ?? '', port: this.#socket.localPort ?? 0 };
  }

  /** The peer as the kernel names it; empty for a Unix socket. */
  get remoteAddress(): { readonly address: string; readonly port: number } {
    return { address: this.#socket.remoteAddress ?? '', port: this.#socket.remotePort ?? 0 };
  }

  /** Writes bytes that will not change any more. */
  send(bytes: Uint8Array): void {
    if (this.#socket.writable && bytes.length > 0) this.#socket.write(bytes);
  }

  /** Calls back once everything written so far has left for the kernel, or the socket is gone. */
  whenFlushed(callback: () => void): void {
    if (this.flushed) callback();
    else this.#socket.write(nothing, callback);
  }

  /** Holds back writes until `uncork`, so that the replies to one burst leave in one piece. */
  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  /** `so_keepalive`: whether the kernel probes a silent peer, and after how many ms for the first time (0: its default). */
  keepAlive(on: boolean, idleMs: number): void {
    this.#socket.setKeepAlive(on, idleMs);
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
    this.#socket.resume();
  }

  /**
   * Passes bytes that `from` has just read. Returns whether they have left; while they have not, the buffer they lie
   * in is in use and `from` must not read until `from.settle()`. Small reads are copied: they lie in the shared buffer.
   */
  forward(bytes: Buffer, from: Connection): boolean {
    if (!this.#socket.writable) return true;
    const own = from.#own !== undefined;
    this.#socket.write(own ? bytes : Buffer.from(bytes));
    if (this.#socket.writableLength === 0) {
      from.#fit(bytes.length);
      return true;
    }
    from.#lent = own;
    return false;
  }

  /** The bytes last forwarded from here have left; reading may go on. */
  settle(): void {
    this.#lent = false;
    if (this.closed) this.dropBuffer();
    else this.start();
  }

  /** Chooses the buffer of the next read after a read of `length` bytes whose bytes are no longer needed. */
  #fit(length: number): void {
    if (this.#own === undefined) {
      if (length >= bulkThreshold) this.#own = borrowBuffer();
    } else if (length < bulkThreshold) {
      this.dropBuffer();
    }
  }

  /** Gives a borrowed read buffer back, unless its bytes are still waiting in a write. */
  dropBuffer(): void {
    if (this.#own === undefined || this.#lent) return;
    returnBuffer(this.#own);
    this.#own = undefined;
  }

  /** Lets the process end although the connection is open; for idle connections of a pool. */
  unref(): void {
    this.#socket.unref();
  }

  /** Takes {@link unref} back. */
  ref(): void {
    this.#socket.ref();
  }

  /** Sends FIN behind everything written; reading goes on. */
  end(): void {
    if (this.#socket.writable) this.#socket.end();
  }

  /** Closes at once; what is unsent is lost. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Closes with RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Leaves the connection to itself: what it receives is discarded, its end closes it. */
  abandon(): void {
    this.receiver = nobody;
  }
}
