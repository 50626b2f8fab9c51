/**
 * A query by TCP (RFC 7766), for an answer that did not fit into a datagram: two bytes of length before each message.
 * One message is read and the connection closed; a server that is silent for {@link silenceMs} is given up, as in nginx.
 */
import { connect, type Socket } from 'node:net';
import type { SocketAddress } from '@postern/core';
import type { Asker, Exchange } from './exchange.js';

const silenceMs = 5000;
const prefixLength = 2;

/** One query by TCP. */
export class TcpExchange implements Exchange {
  readonly server: SocketAddress;
  readonly #asker: Asker;
  readonly #socket: Socket;
  // The bytes of the length that have come, their value, and the message that follows.
  #prefixed = 0;
  #length = 0;
  #message: Buffer | undefined;
  #filled = 0;
  #connected = false;
  #closed = false;
  #silence: NodeJS.Timeout | undefined;

  /** Connects and sends `query`, a whole message without its length. */
  constructor(server: SocketAddress, query: Uint8Array, asker: Asker) {
    this.server = server;
    this.#asker = asker;
    const socket = connect({ host: server.host, port: server.port, noDelay: true });
    this.#socket = socket;
    socket.on('error', (error) => {
      this.#fail(this.#connected ? 'recv() failed' : 'connect() failed', error);
    });
    socket.on('data', (bytes: Buffer) => {
      this.#receive(bytes);
    });
    socket.once('connect', () => {
      this.#connected = true;
    });
    socket.once('close', () => {
      this.#fail('resolver closed connection', undefined);
    });
    const prefix = Buffer.alloc(prefixLength);
    prefix.writeUInt16BE(query.length);
    socket.write(Buffer.concat([prefix, query]));
    this.#watch();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#silence);
    this.#socket.destroy();
  }

  /** What a length of two bytes can name is all that is ever held. */
  #receive(bytes: Buffer): void {
    if (this.#closed) return;
    this.#watch();
    let at = 0;
    for (; this.#prefixed < prefixLength && at < bytes.length; at += 1) {
      this.#length = this.#length * 0x100 + (bytes[at] ?? 0);
      this.#prefixed += 1;
    }
    if (this.#prefixed < prefixLength) return;
    this.#message ??= Buffer.alloc(this.#length);
    this.#filled += bytes.copy(this.#message, this.#filled, at);
    if (this.#filled < this.#length) return;
    this.close();
    this.#asker.received(this, this.#message);
  }

  #watch(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#fail('resolver timed out', undefined);
    }, silenceMs);
  }

  #fail(what: string, error: NodeJS.ErrnoException | undefined): void {
    if (this.#closed) return;
    this.close();
    this.#asker.failed(this, what, error);
  }
}
