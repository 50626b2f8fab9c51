/**
 * A listening socket. Accepted connections are taken as raw handles, so that each can read into the shared buffer;
 * where the runtime does not offer that, they come by event and read in the ordinary way.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { Connection, type Receiver } from './connection.js';

/** What to listen on. */
export type ListenTarget =
  | {
      readonly host: string;
      readonly port: number;
      readonly backlog: number;
      readonly ipv6Only: boolean;
    }
  | { readonly path: string; readonly backlog: number };

/** Who gets accepted connections. */
export interface Acceptor {
  /** Gives the receiver of a new connection's bytes. */
  accepted(connection: Connection): void;
  /** accept() failed. */
  failed(error: NodeJS.ErrnoException): void;
}

/** A new connection before its owner is known. */
const unclaimed: Receiver = {
  received: (_bytes, connection) => {
    connection.destroy();
  },
  ended: (connection) => {
    connection.destroy();
  },
  closed: () => undefined,
};

/** The runtime's own listening handle, as far as it is used here. */
interface ListeningHandle {
  onconnection: (status: number, handle: unknown) => void;
}

function listeningHandle(server: Server): ListeningHandle | undefined {
  if (!('_handle' in server)) return undefined;
  const handle = server._handle;
  return isListeningHandle(handle) ? handle : undefined;
}

function isListeningHandle(handle: unknown): handle is ListeningHandle {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    'onconnection' in handle &&
    typeof handle.onconnection === 'function'
  );
}

/** Whether accepted handles can be taken over on this runtime. */
export function takesHandles(server: Server): boolean {
  return listeningHandle(server) !== undefined && !('bun' in process.versions);
}

/** A bound socket. */
export class Listener {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Binds and listens. Rejects with the system's error. */
  static open(target: ListenTarget, acceptor: Acceptor): Promise<Listener> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => {
      acceptor.accepted(Connection.adopt(socket, unclaimed));
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...target, exclusive: true }, () => {
        server.removeListener('error', reject);
        server.on('error', (error: NodeJS.ErrnoException) => {
          acceptor.failed(error);
        });
        if (takesHandles(server)) takeHandles(server, acceptor);
        resolve(new Listener(server));
      });
    });
  }

  /** Where it listens; the port that the kernel chose, for port 0. */
  get address(): { readonly host: string; readonly port: number } | { readonly path: string } {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') return { path: address ?? '' };
    return { host: address.address, port: address.port };
  }

  /** Stops accepting; connections already accepted go on. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

function takeHandles(server: Server, acceptor: Acceptor): void {
  const handle = listeningHandle(server);
  if (handle === undefined) return;
  handle.onconnection = (status, accepted) => {
    if (status < 0) {
      acceptor.failed(systemError(status));
      return;
    }
    acceptor.accepted(Connection.accept(accepted, unclaimed));
  };
}

function systemError(status: number): NodeJS.ErrnoException {
  return Object.assign(new AcceptError(), { errno: status, syscall: 'accept4' });
}

/** accept() failed; `errno` says why. */
class AcceptError extends Error {
  override readonly name = 'AcceptError';
}
