/**
 * A socket that is bound, and kept for others to listen on: processes that get its descriptor. It accepts nothing here.
 *
 * Node binds and listens in one step, but for the function its own `cluster` binds with, which is reached in this
 * file and nowhere else. libuv tells of a busy address late; asking for the socket's name brings it out.
 */
import type { ChildProcess } from 'node:child_process';
import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import { readFileSync, readlinkSync } from 'node:fs';
import { PosternError } from '../errors.js';
import { systemError } from '../log/errno.js';
import { addressText } from './address.js';
import { unixBindError } from './unix-error.js';

/** Where to bind. */
export type BindPlace =
  | { readonly host: string; readonly port: number; readonly ipv6Only: boolean }
  /** The path of a UNIX-domain socket, whose file must not exist. */
  | { readonly path: string };

/** The runtime's handle of a socket; calls give 0 or a negative error number. */
interface BoundHandle {
  readonly fd: number;
  close(): void;
}

interface NamedHandle extends BoundHandle {
  getsockname(out: Record<string, unknown>): number;
}

type CreateHandle = (
  address: string | null,
  port: number | null,
  type: number | null,
  fd: number | null,
  flags: number,
) => unknown;

/** libuv's UV_TCP_IPV6ONLY. */
const ipv6OnlyFlag = 1;

function createHandle(...args: Parameters<CreateHandle>): BoundHandle {
  const create: unknown = '_createServerHandle' in net ? net._createServerHandle : undefined;
  if (typeof create !== 'function') throw unsupportedRuntime();
  const made: unknown = Reflect.apply(create, net, args);
  if (isHandle(made)) return made;
  throw typeof made === 'number' ? errorOf(made) : unsupportedRuntime();
}

function createUnixHandle(path: string): BoundHandle {
  try {
    return createHandle(path, -1, -1, null, 0);
  } catch (error) {
    throw unixBindError(path, error);
  }
}

function isHandle(made: unknown): made is BoundHandle {
  return (
    typeof made === 'object' &&
    made !== null &&
    'fd' in made &&
    typeof made.fd === 'number' &&
    'close' in made &&
    typeof made.close === 'function'
  );
}

function isNamed(handle: BoundHandle): handle is NamedHandle {
  return 'getsockname' in handle && typeof handle.getsockname === 'function';
}

function errorOf(status: number): NodeJS.ErrnoException {
  return systemError(getSystemErrorName(status));
}

function unsupportedRuntime(): PosternError {
  return new PosternError(
    'POSTERN_RUNTIME_SOCKETS',
    'this runtime cannot share sockets between processes: write "master_process off;"',
  );
}

/** The name of a TCP socket in normal form; undefined for any other. Throws the error that bind() left behind. */
function tcpName(handle: BoundHandle): string | undefined {
  if (!isNamed(handle)) return undefined;
  const out: Record<string, unknown> = {};
  const status = handle.getsockname(out);
  if (status !== 0) throw errorOf(status);
  const host = String(out['address']);
  const family = out['family'] === 'IPv6' ? 'IPv6' : 'IPv4';
  return addressText({ family, host, port: Number(out['port']) });
}

/** The path of a UNIX-domain socket, which only Linux tells: by its number in the table of all of them. */
function unixName(fd: number): string {
  try {
    const inode = readlinkSync(`/proc/self/fd/${String(fd)}`).slice('socket:['.length, -1);
    const lines = readFileSync('/proc/self/net/unix', 'utf8').split('\n');
    const columns = lines.map((line) => line.split(' ').filter((one) => one !== ''));
    return `unix:${columns.find((one) => one[6] === inode)?.[7] ?? ''}`;
  } catch {
    return 'unix:';
  }
}

/**
 * Who bound a socket: this process, the master whose place it took, or a service manager. The file of a UNIX-domain
 * socket is the manager's to remove in the last case.
 */
export type SocketOrigin = 'here' | 'master' | 'manager';

/** One bound socket. */
export class BoundSocket {
  readonly #handle: BoundHandle;
  readonly origin: SocketOrigin;
  #isClosed = false;

  private constructor(handle: BoundHandle, origin: SocketOrigin) {
    this.#handle = handle;
    this.origin = origin;
  }

  /** Binds. Throws the error of the system. */
  static bind(place: BindPlace): BoundSocket {
    const handle =
      'path' in place
        ? createUnixHandle(place.path)
        : createHandle(
            place.host,
            place.port,
            place.host.includes(':') ? 6 : 4,
            null,
            place.ipv6Only ? ipv6OnlyFlag : 0,
          );
    try {
      tcpName(handle);
    } catch (error) {
      handle.close();
      throw error;
    }
    return new BoundSocket(handle, 'here');
  }

  /** Takes over an open descriptor. Throws the error of the system where it is no socket. */
  static inherit(fd: number, origin: SocketOrigin): BoundSocket {
    return new BoundSocket(createHandle(null, null, null, fd, 0), origin);
  }

  /** Its number in this process. */
  get fd(): number {
    return this.#handle.fd;
  }

  /** What it is bound to, in the normal form of log lines: `0.0.0.0:143`, `unix:/path`. */
  get name(): string {
    return tcpName(this.#handle) ?? unixName(this.fd);
  }

  /** Whether {@link sendTo} can be: the runtime listens on what came over a channel only where it is of TCP. */
  get isSendable(): boolean {
    return tcpName(this.#handle) !== undefined;
  }

  /** Sends it to a child, which gets it beside `message`; it stays open here. */
  sendTo(child: ChildProcess, message: object): void {
    // The runtime's types know handles only inside of its own sockets and servers.
    const send: unknown = Reflect.get(child, 'send');
    if (typeof send === 'function') Reflect.apply(send, child, [message, this.#handle]);
  }

  /** Lets go of it. The file of a UNIX-domain socket goes too where it was bound here; an inherited one stays. */
  close(): void {
    this.#isClosed = true;
    this.#handle.close();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }
}
