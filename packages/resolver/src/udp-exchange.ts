/**
 * A query by UDP from a socket of its own: the kernel chooses a random source port for each (RFC 5452, 9.2), and since
 * the socket is connected, it hands over datagrams of the server's address and port only.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { SocketAddress } from '@postern/core';
import type { Asker, Exchange } from './exchange.js';

/** One query by UDP. */
export class UdpExchange implements Exchange {
  readonly server: SocketAddress;
  readonly #asker: Asker;
  readonly #socket: Socket;
  #connected = false;
  #closed = false;

  /** Sends `query`, a whole message. */
  constructor(server: SocketAddress, query: Uint8Array, asker: Asker) {
    this.server = server;
    this.#asker = asker;
    this.#socket = createSocket(server.family === 'IPv4' ? 'udp4' : 'udp6');
    this.#socket.on('error', (error) => {
      this.#fail(this.#connected ? 'recv() failed' : 'connect() failed', error);
    });
    this.#socket.on('message', (bytes, from) => {
      if (!this.#closed && this.#isFromServer(from)) asker.received(this, bytes);
    });
    this.#socket.once('connect', () => {
      this.#send(query);
    });
    this.#socket.connect(server.port, server.host);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #send(query: Uint8Array): void {
    if (this.#closed) return;
    this.#connected = true;
    this.#socket.send(query, (error) => {
      if (error !== null) this.#fail('send() failed', error);
    });
  }

  /** Between bind() and connect() a socket takes datagrams from anybody. */
  #isFromServer({ address, port }: RemoteInfo): boolean {
    return this.#connected && address === this.server.host && port === this.server.port;
  }

  #fail(what: string, error: NodeJS.ErrnoException): void {
    if (this.#closed) return;
    this.close();
    this.#asker.failed(this, what, error);
  }
}
