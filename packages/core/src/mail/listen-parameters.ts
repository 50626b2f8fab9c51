/**
 * The parameters of `listen` (ngx_mail_core_module.c). They are case-sensitive, come in any order, and a repeated one
 * overrides. A parameter that names a property of the socket implies a bind of its own.
 */
import { readBytes, readSeconds } from '../config/quantity.js';
import { parseDecimal } from '../net/address.js';
import type { SocketOptions } from '../net/socket-options.js';

/** What the parameters of one `listen` ask for. */
export interface ListenParameters extends SocketOptions {
  readonly ssl: boolean;
  readonly proxyProtocol: boolean;
  /** A socket of its own even beside a wildcard; set or implied. */
  readonly bind: boolean;
  readonly backlog: number;
  readonly ipv6only: boolean;
  readonly multipath: boolean;
}

/** The parameters where none is written. */
export const defaultParameters: ListenParameters = Object.freeze({
  ssl: false,
  proxyProtocol: false,
  bind: false,
  backlog: 511,
  rcvbuf: undefined,
  sndbuf: undefined,
  ipv6only: true,
  keepalive: undefined,
  multipath: false,
});

/** One parameter understood, or nginx's sentence. */
type Outcome = Partial<ListenParameters> | { readonly refusal: string };

const flags: ReadonlyMap<string, Partial<ListenParameters>> = new Map([
  ['ssl', { ssl: true }],
  ['proxy_protocol', { proxyProtocol: true }],
  ['bind', { bind: true }],
  ['multipath', { multipath: true, bind: true }],
]);

const readers: readonly (readonly [
  prefix: string,
  read: (value: string, word: string) => Outcome,
])[] = [
  ['backlog=', readBacklog],
  ['rcvbuf=', readSizeOf('rcvbuf')],
  ['sndbuf=', readSizeOf('sndbuf')],
  ['ipv6only=o', readIpv6only],
  ['so_keepalive=', readKeepalive],
];

function readBacklog(value: string, word: string): Outcome {
  const backlog = parseDecimal(value);
  if (backlog === undefined || backlog === 0) return { refusal: `invalid backlog "${word}"` };
  return { backlog: Math.min(backlog, 0x7fffffff), bind: true };
}

function readSizeOf(name: 'rcvbuf' | 'sndbuf') {
  return (value: string, word: string): Outcome => {
    const bytes = readBytes(value);
    return bytes === undefined
      ? { refusal: `invalid ${name} "${word}"` }
      : { [name]: bytes, bind: true };
  };
}

function readIpv6only(value: string): Outcome {
  if (value === 'n') return { ipv6only: true, bind: true };
  if (value === 'ff') return { ipv6only: false, bind: true };
  return { refusal: `invalid ipv6only flags "o${value}"` };
}

function readKeepalive(value: string): Outcome {
  if (value === 'on' || value === 'off') {
    const plain = { idleSeconds: 0, intervalSeconds: 0, count: 0 };
    return { keepalive: { on: value === 'on', ...plain }, bind: true };
  }
  const [idle = '', interval = '', ...rest] = value.split(':');
  const idleSeconds = orZero(idle, readSeconds);
  const intervalSeconds = orZero(interval, readSeconds);
  const count = orZero(rest.join(':'), parseDecimal);
  const sum = idleSeconds + intervalSeconds + count;
  if (Number.isNaN(sum) || sum === 0) return { refusal: `invalid so_keepalive value: "${value}"` };
  return { keepalive: { on: true, idleSeconds, intervalSeconds, count }, bind: true };
}

/** A part of `so_keepalive` may be empty; NaN where it is wrong. */
function orZero(text: string, read: (text: string) => number | undefined): number {
  return text === '' ? 0 : (read(text) ?? Number.NaN);
}

function readWord(word: string): Outcome {
  const flag = flags.get(word);
  if (flag !== undefined) return flag;
  for (const [prefix, read] of readers) {
    if (word.startsWith(prefix)) return read(word.slice(prefix.length), word);
  }
  return { refusal: `invalid parameter "${word}"` };
}

/** The parameters that `words` ask for, or nginx's sentence for the first wrong one. */
export function readParameters(words: readonly string[]): ListenParameters | { refusal: string } {
  let parameters = defaultParameters;
  for (const word of words) {
    const outcome = readWord(word);
    if ('refusal' in outcome) return outcome;
    parameters = { ...parameters, ...outcome };
  }
  return parameters;
}
