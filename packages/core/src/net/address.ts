/**
 * The forms of an address in a configuration, as nginx reads them (ngx_inet.c, `ngx_parse_url`), and the text of an
 * address in messages. Numbers that are no strict literal, such as `127.1`, are not found rather than guessed at.
 */
import { lookup } from 'node:dns/promises';
import { ADDRCONFIG } from 'node:dns';
import { literalFamily, normalHost } from './ip.js';

/** The kind of a socket address. */
export type AddressFamily = 'IPv4' | 'IPv6' | 'Unix';

/** Where a socket is bound or connected. */
export interface SocketAddress {
  readonly family: AddressFamily;
  /** A literal IP address in normal form, or the path of a UNIX-domain socket. */
  readonly host: string;
  /** 0 for a UNIX-domain socket. */
  readonly port: number;
}

/** Why a text is not an address; nginx's words. */
export type AddressProblem =
  | 'invalid port'
  | 'invalid port range'
  | 'invalid host'
  | 'no host'
  | 'invalid IPv6 address'
  | 'host not found'
  | 'no path in the unix domain socket'
  | 'too long path in the unix domain socket';

/** An address of a configuration, before names are resolved. */
export interface AddressForm {
  readonly kind: 'host' | 'unix';
  /** As written: IPv6 keeps its brackets, `*` stays, a UNIX socket has its path. */
  readonly host: string;
  readonly port: number;
  /** Last port of a range; `port` where there is none. */
  readonly lastPort: number;
  /** What follows the address from the first `/` or `?`, or behind the second colon of `unix:`; may be empty. */
  readonly uri: string;
}

/** What {@link parseAddress} is asked to accept. */
export interface AddressOptions {
  /** `listen`: a port alone, `*` and port ranges are allowed. */
  readonly listen?: boolean;
  /** `auth_http`: a URI may follow. */
  readonly uri?: boolean;
  /** The port where none is written. */
  readonly defaultPort: number;
}

/** A text that is not an address. */
export interface AddressRefusal {
  readonly problem: AddressProblem;
}

/** sizeof(sun_path) on Linux less the closing NUL. */
const longestUnixPath = 107;

const refuse = (problem: AddressProblem): AddressRefusal => ({ problem });

/** Decimal digits only, as nginx's ngx_atoi: no sign, no space, no exponent; undefined for anything else. */
export function parseDecimal(text: string): number | undefined {
  if (text.length === 0) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i += 1) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return Number.isSafeInteger(value) ? value : undefined;
}

function parsePort(text: string): number | undefined {
  const port = parseDecimal(text);
  return port !== undefined && port >= 1 && port <= 65535 ? port : undefined;
}

interface Ports {
  readonly port: number;
  readonly lastPort: number;
}

function parsePorts(text: string, rangeAllowed: boolean): Ports | AddressRefusal {
  const dash = rangeAllowed ? text.indexOf('-') : -1;
  const port = parsePort(dash < 0 ? text : text.slice(0, dash));
  const lastPort = dash < 0 ? port : parsePort(text.slice(dash + 1));
  if (port === undefined || lastPort === undefined) return refuse('invalid port');
  return port > lastPort ? refuse('invalid port range') : { port, lastPort };
}

/** `143` or `143-145`: numbers alone, in or out of range. */
function looksLikePorts(text: string): boolean {
  const dash = text.indexOf('-');
  if (dash < 0) return parseDecimal(text) !== undefined;
  return (
    parseDecimal(text.slice(0, dash)) !== undefined &&
    parseDecimal(text.slice(dash + 1)) !== undefined
  );
}

/** `*` stands for all addresses of a listener, and for no host to connect to. */
function hostProblem(host: string, options: AddressOptions): AddressProblem | undefined {
  if (host === '') return 'no host';
  return host === '*' && options.listen !== true ? 'host not found' : undefined;
}

/** Where the URI starts at or after `from`, or -1. */
function uriStart(text: string, from: number): number {
  const slash = text.indexOf('/', from);
  const question = text.indexOf('?', from);
  if (slash < 0 || question < 0) return Math.max(slash, question);
  return Math.min(slash, question);
}

function parseUnix(text: string, options: AddressOptions): AddressForm | AddressRefusal {
  const rest = text.slice('unix:'.length);
  const colon = options.uri === true ? rest.indexOf(':') : -1;
  const path = colon < 0 ? rest : rest.slice(0, colon);
  if (path === '') return refuse('no path in the unix domain socket');
  if (Buffer.byteLength(path) > longestUnixPath) {
    return refuse('too long path in the unix domain socket');
  }
  const uri = colon < 0 ? '' : rest.slice(colon + 1);
  return { kind: 'unix', host: path, port: 0, lastPort: 0, uri };
}

function parseBracketed(text: string, options: AddressOptions): AddressForm | AddressRefusal {
  const close = text.indexOf(']');
  if (close < 0) return refuse('invalid host');
  const uriAt = uriStart(text, close + 1);
  if (uriAt >= 0 && options.uri !== true) return refuse('invalid host');
  const end = uriAt < 0 ? text.length : uriAt;
  const after = text.slice(close + 1, end);
  if (after !== '' && !after.startsWith(':')) return refuse('invalid host');
  const ports =
    after === ''
      ? { port: options.defaultPort, lastPort: options.defaultPort }
      : parsePorts(after.slice(1), options.listen === true);
  if ('problem' in ports) return ports;
  const inside = text.slice(1, close);
  if (inside === '') return refuse('no host');
  if (literalFamily(inside) !== 'IPv6') return refuse('invalid IPv6 address');
  return { kind: 'host', host: text.slice(0, close + 1), ...ports, uri: text.slice(end) };
}

function parseInet(text: string, options: AddressOptions): AddressForm | AddressRefusal {
  const uriAt = uriStart(text, 0);
  if (uriAt >= 0 && options.uri !== true) return refuse('invalid host');
  const end = uriAt < 0 ? text.length : uriAt;
  const authority = text.slice(0, end);
  const colon = authority.indexOf(':');
  if (colon < 0 && options.listen === true && looksLikePorts(authority)) {
    const ports = parsePorts(authority, true);
    return 'problem' in ports ? ports : { kind: 'host', host: '*', ...ports, uri: '' };
  }
  const ports =
    colon < 0
      ? { port: options.defaultPort, lastPort: options.defaultPort }
      : parsePorts(authority.slice(colon + 1), options.listen === true);
  if ('problem' in ports) return ports;
  const host = colon < 0 ? authority : authority.slice(0, colon);
  const problem = hostProblem(host, options);
  if (problem !== undefined) return refuse(problem);
  return { kind: 'host', host, ...ports, uri: text.slice(end) };
}

/**
 * Reads an address of a configuration: `host`, `host:port`, `[v6]:port`, `unix:path`, and for `listen` also `port`,
 * `*:port` and ranges `first-last`. Names are not resolved here.
 */
export function parseAddress(text: string, options: AddressOptions): AddressForm | AddressRefusal {
  if (text.slice(0, 5).toLowerCase() === 'unix:') return parseUnix(text, options);
  return text.startsWith('[') ? parseBracketed(text, options) : parseInet(text, options);
}

/** Whether the system resolver would take the name for a number (`127.1`, `0x7f.1`), as in the WHATWG URL standard. */
function endsInNumber(host: string): boolean {
  const labels = host.split('.');
  const last = labels.at(-1) === '' && labels.length > 1 ? labels.at(-2) : labels.at(-1);
  if (last === undefined || last === '') return false;
  return parseDecimal(last) !== undefined || last.toLowerCase().startsWith('0x');
}

/**
 * The literal addresses of a host of a configuration, in normal form, without repetitions, in the system resolver's
 * order; empty where the host is not found.
 */
export async function resolveHost(host: string): Promise<readonly string[]> {
  const literal = host.startsWith('[') ? host.slice(1, -1) : host;
  return literalFamily(literal) === undefined ? resolveName(host) : [normalHost(literal)];
}

/** The same for a host name only: `*` and brackets are no part of one. */
export async function resolveName(name: string): Promise<readonly string[]> {
  if (name === '' || endsInNumber(name)) return [];
  try {
    const found = await lookup(name, { all: true, verbatim: true, hints: ADDRCONFIG });
    return [...new Set(found.map(({ address }) => normalHost(address)))];
  } catch {
    return [];
  }
}

/** `0.0.0.0:143`, `[::]:143` or `unix:/path`: the text of an address in log lines and messages. */
export function addressText(address: SocketAddress): string {
  const port = String(address.port);
  switch (address.family) {
    case 'IPv4':
      return `${address.host}:${port}`;
    case 'IPv6':
      return `[${address.host}]:${port}`;
    case 'Unix':
      return `unix:${address.host}`;
  }
}
