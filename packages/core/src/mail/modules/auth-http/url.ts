/** The value of `auth_http`: the address of an auth server and the URI to ask for. */
import { BlockList } from 'node:net';
import type { Codec, ReadContext } from '../../../config/directive.js';
import { addressText, parseAddress, resolveHost, type AddressForm } from '../../../net/address.js';

/** An auth server, resolved once while the configuration is read; of several addresses the first is used, as in nginx. */
export interface AuthService {
  /** As messages name it: `127.0.0.1:9000`, `[::1]:80`, `unix:/path`. */
  readonly name: string;
  /** Where to connect. */
  readonly target: { readonly host: string; readonly port: number } | { readonly path: string };
  /** The value of `Host`: as written, without port; `localhost` for a UNIX-domain socket. */
  readonly hostHeader: string;
  /** The request target; `/` where none is written. */
  readonly uri: string;
}

/** The port of an auth server where none is written. */
const defaultPort = 80;

/** Codec of `auth_http [http://]host[:port][/uri]` and `unix:path[:uri]`. A second directive replaces the first. */
export const authHttpUrl: Codec<AuthService | undefined> = {
  schema: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 1 },
  syntax: 'URL',
  refusal: (directive) => `invalid value in "${directive}" directive`,
  repeat: 'replace',
  parse: (words, context) => readUrl(words[0] ?? '', context),
};

async function readUrl(value: string, context: ReadContext): Promise<AuthService> {
  const url = value.startsWith('http://') ? value.slice('http://'.length) : value;
  const refuse = (problem: string) => context.error(`${problem} in auth_http "${url}"`);
  const form = parseAddress(url, { uri: true, defaultPort });
  if ('problem' in form) throw refuse(form.problem);
  if (breaksLine(form.uri)) throw refuse('invalid uri');
  if (form.kind === 'unix') return unixService(url, form);
  const [host] = await context.sources.ask(`host ${form.host}`, () => resolveHost(form.host));
  if (host === undefined) throw refuse('host not found');
  const service = inetService(host, form);
  if (isPublic(host)) {
    context.warn(
      `passwords are sent in clear text to "${service.name}", which is no local address`,
    );
  }
  return service;
}

/** This machine, private networks (RFC 1918, RFC 4193) and the link. */
const local = new BlockList();
local.addSubnet('127.0.0.0', 8);
local.addSubnet('10.0.0.0', 8);
local.addSubnet('172.16.0.0', 12);
local.addSubnet('192.168.0.0', 16);
local.addSubnet('169.254.0.0', 16);
local.addAddress('::1', 'ipv6');
local.addSubnet('fc00::', 7, 'ipv6');
local.addSubnet('fe80::', 10, 'ipv6');

function isPublic(host: string): boolean {
  return !local.check(host, host.includes(':') ? 'ipv6' : 'ipv4');
}

/** A line end in the URI would add header lines of the configuration's making to each request. */
function breaksLine(uri: string): boolean {
  return uri.includes('\r') || uri.includes('\n') || uri.includes('\0');
}

function unixService(url: string, form: AddressForm): AuthService {
  const name = url.slice(0, 'unix:'.length) + form.host;
  return {
    name,
    target: { path: form.host },
    hostHeader: 'localhost',
    uri: form.uri === '' ? '/' : form.uri,
  };
}

function inetService(host: string, form: AddressForm): AuthService {
  const family = host.includes(':') ? 'IPv6' : 'IPv4';
  return {
    name: addressText({ family, host, port: form.port }),
    target: { host, port: form.port },
    hostHeader: form.host,
    uri: form.uri === '' ? '/' : form.uri,
  };
}
