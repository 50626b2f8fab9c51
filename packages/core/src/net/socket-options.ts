/**
 * Options of a listening socket that Node has no call for: buffer sizes and keepalive times (ngx_connection.c,
 * `ngx_configure_listening_sockets`). Sockets accepted from it inherit them, so that nothing is done per connection.
 * The calls come from the optional package `sockopt`; where it is not installed, or the numbers of the system's
 * options are not known, there are none, and whoever reads the configuration says so.
 */
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import { systemError } from '../log/errno.js';

/** `so_keepalive`; without it the system's default is left alone. */
export interface Keepalive {
  readonly on: boolean;
  /** Seconds without traffic before the first probe; 0 = the system's default. */
  readonly idleSeconds: number;
  /** Seconds between probes; 0 = the system's default. */
  readonly intervalSeconds: number;
  /** Probes without answer before the connection is dropped; 0 = the system's default. */
  readonly count: number;
}

/** What a listening socket is set to; undefined leaves the system's default. */
export interface SocketOptions {
  /** Bytes of SO_RCVBUF. Linux doubles them. */
  readonly rcvbuf: number | undefined;
  /** Bytes of SO_SNDBUF. Linux doubles them. */
  readonly sndbuf: number | undefined;
  readonly keepalive: Keepalive | undefined;
}

/** An option that the system refused; the socket works without it. */
export interface RefusedOption {
  /** nginx's name of the call, for instance `setsockopt(SO_RCVBUF, 8192)`. */
  readonly call: string;
  readonly error: NodeJS.ErrnoException;
}

/** What is used of the package `sockopt`. It throws errors that have their number in the text only. */
export interface SocketOptionCalls {
  setsockopt(
    socket: { readonly _handle: { readonly fd: number } },
    level: number,
    name: number,
    value: number,
  ): void;
}

type OptionName =
  'SO_RCVBUF' | 'SO_SNDBUF' | 'SO_KEEPALIVE' | 'TCP_KEEPIDLE' | 'TCP_KEEPINTVL' | 'TCP_KEEPCNT';

/** Level and number of each option. */
type OptionNumbers = Readonly<Record<OptionName, readonly [level: number, name: number]>>;

const linux: OptionNumbers = {
  SO_RCVBUF: [1, 8],
  SO_SNDBUF: [1, 7],
  SO_KEEPALIVE: [1, 9],
  TCP_KEEPIDLE: [6, 4],
  TCP_KEEPINTVL: [6, 5],
  TCP_KEEPCNT: [6, 6],
};

const darwin: OptionNumbers = {
  SO_RCVBUF: [0xffff, 0x1002],
  SO_SNDBUF: [0xffff, 0x1001],
  SO_KEEPALIVE: [0xffff, 0x0008],
  TCP_KEEPIDLE: [6, 0x10],
  TCP_KEEPINTVL: [6, 0x101],
  TCP_KEEPCNT: [6, 0x102],
};

/** Linux on MIPS numbers its options differently. */
const numbers: OptionNumbers | undefined =
  process.platform === 'darwin'
    ? darwin
    : process.platform === 'linux' && !process.arch.startsWith('mips')
      ? linux
      : undefined;

let loaded: { readonly calls: SocketOptionCalls | undefined } | undefined;

/** The calls, or undefined where there are none. Loads the package when it is first asked for. */
export function socketOptionCalls(): SocketOptionCalls | undefined {
  loaded ??= { calls: numbers === undefined ? undefined : load() };
  return loaded.calls;
}

function load(): SocketOptionCalls | undefined {
  try {
    const found: unknown = createRequire(import.meta.url)('sockopt');
    return hasCalls(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function hasCalls(found: unknown): found is SocketOptionCalls {
  return (
    typeof found === 'object' &&
    found !== null &&
    'setsockopt' in found &&
    typeof found.setsockopt === 'function'
  );
}

/** Whether anything is to be set: only then the package is loaded. */
export function asksForAny({ rcvbuf, sndbuf, keepalive }: SocketOptions): boolean {
  return rcvbuf !== undefined || sndbuf !== undefined || keepalive !== undefined;
}

/** Sets what `options` ask for on the listening socket `fd`. Returns what the system refused. */
export function setSocketOptions(
  fd: number,
  options: SocketOptions,
  calls: SocketOptionCalls,
): readonly RefusedOption[] {
  const refused: RefusedOption[] = [];
  for (const [option, value] of settingsOf(options)) {
    const [level, name] = (numbers ?? linux)[option];
    try {
      calls.setsockopt({ _handle: { fd } }, level, name, value);
    } catch (error) {
      refused.push({ call: `setsockopt(${option}, ${String(value)})`, error: withNumber(error) });
    }
  }
  return refused;
}

/** Options and values in nginx's order. */
function settingsOf(options: SocketOptions): readonly (readonly [OptionName, number])[] {
  const settings: (readonly [OptionName, number])[] = [];
  const { rcvbuf, sndbuf, keepalive } = options;
  if (rcvbuf !== undefined) settings.push(['SO_RCVBUF', clamp(rcvbuf)]);
  if (sndbuf !== undefined) settings.push(['SO_SNDBUF', clamp(sndbuf)]);
  if (keepalive === undefined) return settings;
  const { on, idleSeconds, intervalSeconds, count } = keepalive;
  settings.push(['SO_KEEPALIVE', on ? 1 : 0]);
  if (idleSeconds > 0) settings.push(['TCP_KEEPIDLE', clamp(idleSeconds)]);
  if (intervalSeconds > 0) settings.push(['TCP_KEEPINTVL', clamp(intervalSeconds)]);
  if (count > 0) settings.push(['TCP_KEEPCNT', clamp(count)]);
  return settings;
}

/** The kernel takes a signed 32-bit number; a larger one would come out as another one. */
function clamp(value: number): number {
  return Math.min(value, 0x7fffffff);
}

/** `setsockopt failed: Protocol not available (92)` as an error of the system. */
function withNumber(error: unknown): NodeJS.ErrnoException {
  const text = error instanceof Error ? error.message : '';
  const number = Number.parseInt(text.slice(text.lastIndexOf('(') + 1), 10);
  return systemError(number > 0 ? getSystemErrorName(-number) : 'EINVAL');
}
