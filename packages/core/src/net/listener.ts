/**
 * A listening socket. Accepted connections are taken as raw handles, so that each can read into the shared buffer;
 * where the runtime does not offer that, they come by event and read in the ordinary way.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { systemError } from '../log/errno.js';
import { Connection, type Receiver } from './connection.js';
import {
  asksForAny,
  setSocketOptions,
  socketOptionCalls,
  type Keepalive,
  type RefusedOption,
  type SocketOptionCalls,
  type SocketOptions,
} from './socket-options.js';
import { unixBindError } from './unix-error.js';

/** What to listen on. */
export type ListenTarget = ListenPlace & {
  /** Without them the system's defaults stay. */
  readonly options?: SocketOptions;
};

type ListenPlace =
  | {
      readonly host: string;
      readonly port: number;
      readonly backlog: number;
      readonly ipv6Only: boolean;
    }
  /** A UNIX-domain socket. Its file must not exist, and goes when the listener is closed; a crash leaves it. */
  | { readonly path: string; readonly backlog: number }
  | (BoundPlace & { readonly backlog: number });

/** A socket that another process has bound. Closing does not remove the file of a UNIX-domain socket. */
export type BoundPlace =
  /** Inherited: the number of its descriptor. */
  | { readonly fd: number }
  /** A TCP socket as the runtime hands it over from a channel between processes. */
  | { readonly handle: object };

/** Who gets accepted connections. */
export interface Acceptor {
  /** Gives the receiver of a new connection's bytes. */
  accepted(connection: Connection): void;
  /** accept() failed, or will fail next: the runtime closes clients for whom there is no descriptor without a word. */
  failed(error: NodeJS.ErrnoException): void;
  /** Descriptors that this process may have; without it nothing is told of the last one. */
  readonly openFiles?: number | undefined;
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
  readonly fd: number;
  onconnection: (status: number, handle: unknown) => void;
  /** Of TCP sockets; 0 or a negative error number. */
  setNoDelay?(on: boolean): number;
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
    'fd' in handle &&
    typeof handle.fd === 'number' &&
    'onconnection' in handle &&
    typeof handle.onconnection === 'function'
  );
}

/** Whether accepted handles can be taken over on this runtime. */
export function takesHandles(server: Server): boolean {
  return listeningHandle(server) !== undefined && !('bun' in process.versions);
}

const unset: SocketOptions = { rcvbuf: undefined, sndbuf: undefined, keepalive: undefined };

/** A bound socket. */
export class Listener {
  readonly #server: Server;
  /** Options that the system refused, in nginx's order. */
  readonly refused: readonly RefusedOption[];

  private constructor(server: Server, refused: readonly RefusedOption[]) {
    this.#server = server;
    this.refused = refused;
  }

  /**
   * Binds, listens and sets the options. Rejects with the system's error.
   *
   * Where `provide` gives no calls, buffer sizes are left alone, and keepalive is set on each connection with its idle
   * time only.
   */
  static open(
    target: ListenTarget,
    acceptor: Acceptor,
    provide: () => SocketOptionCalls | undefined = socketOptionCalls,
  ): Promise<Listener> {
    const { options = unset, ...place } = target;
    const calls = asksForAny(options) ? provide() : undefined;
    const taker = calls === undefined ? keepingAlive(acceptor, options.keepalive) : acceptor;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => {
      taker.accepted(Connection.adopt(socket, unclaimed));
    });
    return new Promise((resolve, reject) => {
      const refuse = (error: Error): void => {
        reject('path' in place ? unixBindError(place.path, error) : error);
      };
      server.once('error', refuse);
      const listening = (): void => {
        server.removeListener('error', refuse);
        server.on('error', (error: NodeJS.ErrnoException) => {
          acceptor.failed(error);
        });
        if (takesHandles(server)) takeHandles(server, taker);
        const fd = listeningHandle(server)?.fd;
        const settable = fd !== undefined && calls !== undefined;
        resolve(new Listener(server, settable ? setSocketOptions(fd, options, calls) : []));
      };
      if ('handle' in place) server.listen({ _handle: place.handle }, place.backlog, listening);
      // For a descriptor the runtime takes the backlog from here and not from the options.
      else server.listen({ ...place, exclusive: true }, place.backlog, listening);
    });
  }

  /** The descriptor of the socket, for a process that shall listen on it too; undefined where the runtime hides it. */
  get fd(): number | undefined {
    return listeningHandle(this.#server)?.fd;
  }

  /** Where it listens; the port that the kernel chose, for port 0. The path of an adopted UNIX socket is empty. */
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

/** Two hours, as RFC 1122, 4.2.3.6 has it and systems do; the runtime refuses to leave it to the system. */
const usualIdleSeconds = 7200;

/** An acceptor of connections that are set one by one, for want of a listening socket to inherit from. */
function keepingAlive(acceptor: Acceptor, keepalive: Keepalive | undefined): Acceptor {
  if (keepalive === undefined) return acceptor;
  const { on, idleSeconds } = keepalive;
  const idleMs = 1000 * (idleSeconds === 0 ? usualIdleSeconds : idleSeconds);
  return {
    accepted: (connection) => {
      connection.keepAlive(on, idleMs);
      acceptor.accepted(connection);
    },
    failed: (error) => {
      acceptor.failed(error);
    },
  };
}

function takeHandles(server: Server, acceptor: Acceptor): void {
  const handle = listeningHandle(server);
  if (handle === undefined) return;
  const isNoDelay = handsDownNoDelay(handle);
  handle.onconnection = (status, accepted) => {
    if (status < 0) {
      acceptor.failed(acceptError(status));
      return;
    }
    const isLast = descriptorOf(accepted) + 1 === acceptor.openFiles;
    acceptor.accepted(Connection.accept(accepted, unclaimed, isNoDelay));
    if (isLast) acceptor.failed(outOfDescriptors);
  };
}

/** Sets TCP_NODELAY on the listening socket, where accepted ones inherit it: a call for each connection less. */
function handsDownNoDelay(handle: ListeningHandle): boolean {
  if (process.platform !== 'linux' || typeof handle.setNoDelay !== 'function') return false;
  return handle.setNoDelay(true) === 0;
}

/** What the next accept() will say. */
const outOfDescriptors = systemError('EMFILE');

/** The number of an accepted socket. The system gives the lowest that is free. */
function descriptorOf(accepted: unknown): number {
  const hasNumber = typeof accepted === 'object' && accepted !== null && 'fd' in accepted;
  return hasNumber && typeof accepted.fd === 'number' ? accepted.fd : -1;
}

function acceptError(status: number): NodeJS.ErrnoException {
  return Object.assign(new AcceptError(), { errno: status, syscall: 'accept4' });
}

/** accept() failed; `errno` says why. */
class AcceptError extends Error {
  override readonly name = 'AcceptError';
}
