/** A TCP or Unix server for tests that knows its sockets, so that closing it closes everything. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { cannotListen } from './errors.js';

/** Where to listen. */
export interface ListenOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: a free port. */
  readonly port?: number;
  /** A Unix socket instead of host and port. */
  readonly path?: string;
}

/** A listening server and all its connections. */
export class Listening {
  /** The port, or 0 for a Unix socket. */
  readonly port: number;
  /** Connections accepted so far. */
  accepted = 0;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Listens; each connection is given to `accept`. Socket errors are left to the connection's `close`. */
  static async start(options: ListenOptions, accept: (socket: Socket) => void): Promise<Listening> {
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const { host = '127.0.0.1', port = 0, path } = options;
    server.listen(path === undefined ? { host, port, backlog: 1024 } : { path });
    try {
      await once(server, 'listening');
    } catch (error) {
      throw cannotListen(path ?? `port ${String(port)}`, error as NodeJS.ErrnoException);
    }
    const listening = new Listening(server, sockets);
    server.on('connection', (socket) => {
      listening.accepted += 1;
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      accept(socket);
    });
    return listening;
  }

  /** Connections open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Stops listening but leaves open connections alone: further clients are refused. */
  refuse(): void {
    this.#server.close();
  }

  /** Closes every connection and leaves the server listening. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Stops listening and closes everything. */
  async close(): Promise<void> {
    const wasListening = this.#server.listening;
    const closed = wasListening ? once(this.#server, 'close') : undefined;
    if (wasListening) this.#server.close();
    this.dropConnections();
    await closed;
  }
}
