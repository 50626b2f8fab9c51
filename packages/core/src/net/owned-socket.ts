/**
 * A socket of the runtime that knows its owner, so that listeners are shared functions. Reads go to the buffer that the
 * owner names, where the runtime lets a socket choose its buffer (`onread`); else they come as 'data' events.
 */
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';
import { sharedBuffer } from './read-buffer.js';

/** Who is told what happens to a socket. */
export interface SocketOwner {
  /** Where the next read goes. */
  readonly readBuffer: Buffer;
  socketRead(bytes: Buffer): void;
  socketEnded(): void;
  socketFailed(error: NodeJS.ErrnoException): void;
  socketClosed(): void;
  /** Everything written has left for the kernel. Told only after writes that went over the high-water mark. */
  socketDrained(): void;
  /** The TLS handshake is over. */
  socketSecured(): void;
}

/** A socket and its owner; undefined once another socket has taken its place. */
export type OwnedSocket = Socket & { owner: SocketOwner | undefined };

class ConnectionSocket extends Socket {
  owner: SocketOwner | undefined;
}

// What the next read of the socket in whose callback we are goes to; `chooseBuffer` runs right after the callback.
let nextBuffer: Buffer = sharedBuffer;
const chooseBuffer = (): Buffer => nextBuffer;

function onRead(this: OwnedSocket, length: number, buffer: Uint8Array): boolean {
  const { owner } = this;
  if (owner === undefined) return true;
  owner.socketRead(viewOf(buffer, length));
  nextBuffer = owner.readBuffer;
  return true;
}

function viewOf(buffer: Uint8Array, length: number): Buffer {
  return Buffer.isBuffer(buffer)
    ? buffer.subarray(0, length)
    : Buffer.from(buffer.buffer, buffer.byteOffset, length);
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

/** A socket over an accepted handle of the runtime, or a new one. Its reads go to its owner's buffer. */
export function newSocket(handle: unknown): OwnedSocket {
  nextBuffer = sharedBuffer;
  options.handle = handle;
  const socket = new ConnectionSocket(options);
  options.handle = undefined;
  return socket;
}

function onData(this: OwnedSocket, bytes: Buffer): void {
  this.owner?.socketRead(bytes);
}

function onEnd(this: OwnedSocket): void {
  this.owner?.socketEnded();
}

function onError(this: OwnedSocket, error: NodeJS.ErrnoException): void {
  this.owner?.socketFailed(error);
  // TLS tells of some errors without ending the socket.
  this.destroy();
}

function onClose(this: OwnedSocket): void {
  this.owner?.socketClosed();
}

function onDrain(this: OwnedSocket): void {
  this.owner?.socketDrained();
}

/** Makes `owner` the one who is told of everything but reads. */
export function own(socket: OwnedSocket, owner: SocketOwner): void {
  socket.owner = owner;
  socket.on('end', onEnd);
  socket.on('error', onError);
  socket.on('close', onClose);
  socket.on('drain', onDrain);
}

/** Lets what a socket without `onread` reads come to its owner. */
export function readByEvent(socket: OwnedSocket): void {
  socket.on('data', onData);
}

/** Tells the owner of the end of the writes under way, of which a socket that is ending says nothing by itself. */
export function drainAtFinish(socket: OwnedSocket): void {
  socket.once('finish', onDrain);
}

/** Lets go of a socket whose place a TLS socket over it takes. What it has not delivered yet stays in it. */
export function disown(socket: OwnedSocket): void {
  socket.pause();
  socket.removeListener('data', onData);
  socket.owner = undefined;
}
