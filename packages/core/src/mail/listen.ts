/**
 * The `listen` directive of a mail server (ngx_mail_core_module.c): words to addresses with their parameters. A name
 * or a range of ports gives several addresses with the same parameters. Which sockets follow from all addresses of a
 * configuration is in socket-plan.ts.
 */
import type { Codec, ReadContext, SourceRef } from '../config/directive.js';
import {
  addressText,
  parseAddress,
  resolveHost,
  type AddressFamily,
  type AddressForm,
} from '../net/address.js';
import { socketOptionCalls } from '../net/socket-options.js';
import { readParameters, type ListenParameters } from './listen-parameters.js';

/** One address that a server listens on. */
export interface ListenSpec extends ListenParameters {
  /** Normal form as in log lines: `0.0.0.0:143`, `[::]:143`, `unix:/path`. Unique in a configuration. */
  readonly address: string;
  readonly family: AddressFamily;
  /** Literal IP address in normal form; empty for a UNIX-domain socket. */
  readonly host: string;
  /** 0 lets the kernel choose, and for a UNIX-domain socket. */
  readonly port: number;
  /** Path of a UNIX-domain socket as written. */
  readonly path: string | undefined;
  /** Whether the host stands for all addresses of its family. */
  readonly wildcard: boolean;
  /** First port of the directive's range: the one from which the protocol is guessed. */
  readonly guessPort: number;
  /** Where the directive stands. */
  readonly at: SourceRef;
}

/**
 * The codec of `listen`. Names are resolved while the configuration is read. `canSet`: whether buffer sizes and
 * keepalive times can be set; where they cannot, a parameter that asks for it is a warning.
 */
export function createListenCodec(
  canSet = () => socketOptionCalls() !== undefined,
): Codec<readonly ListenSpec[]> {
  return {
    schema: { type: 'array', items: { type: 'string' }, minItems: 1 },
    syntax:
      'address[:port] [ssl] [proxy_protocol] [bind] [backlog=number] [rcvbuf=size] [sndbuf=size] ' +
      '[ipv6only=on|off] [multipath] [so_keepalive=on|off|[keepidle]:[keepintvl]:[keepcnt]]',
    refusal: (directive) => `invalid number of arguments in "${directive}" directive`,
    repeat: 'join',
    join: (first, next) => [...first, ...next],
    parse: (words, context) => readListen(words, canSet, context),
  };
}

/** `listen`. Whether `ssl` may stand there is known when all modules are. */
export const listenCodec: Codec<readonly ListenSpec[]> = createListenCodec();

async function readListen(
  words: readonly string[],
  canSet: () => boolean,
  context: ReadContext,
): Promise<readonly ListenSpec[]> {
  const [value = '', ...rest] = words;
  const refuseAddress = (problem: string) =>
    context.error(`${problem} in "${value}" of the "listen" directive`);
  const form = parseAddress(value, { listen: true, defaultPort: 0 });
  if ('problem' in form) throw refuseAddress(form.problem);
  const hosts = await hostsOf(form, context);
  if (hosts.length === 0) throw refuseAddress('host not found');
  const parameters = readParameters(rest);
  if ('refusal' in parameters) throw context.error(parameters.refusal);
  warnOfIgnored(parameters, canSet, context);
  return hosts.flatMap((host) => specsOf(host, form, parameters, context.at));
}

async function hostsOf(
  { kind, host }: AddressForm,
  context: ReadContext,
): Promise<readonly string[]> {
  if (kind === 'unix') return [''];
  if (host === '*') return ['0.0.0.0'];
  return context.sources.ask(`host ${host}`, () => resolveHost(host));
}

function specsOf(
  host: string,
  form: AddressForm,
  parameters: ListenParameters,
  at: SourceRef,
): readonly ListenSpec[] {
  const family = form.kind === 'unix' ? 'Unix' : host.includes(':') ? 'IPv6' : 'IPv4';
  const path = form.kind === 'unix' ? form.host : undefined;
  const wildcard = host === '0.0.0.0' || host === '::';
  return Array.from({ length: form.lastPort - form.port + 1 }, (_, offset) => {
    const port = form.port + offset;
    const address = addressText({ family, host: path ?? host, port });
    return { ...parameters, address, family, host, port, path, wildcard, guessPort: form.port, at };
  });
}

/** Names what cannot be done, rather than leaving it out in silence. */
function warnOfIgnored(
  parameters: ListenParameters,
  canSet: () => boolean,
  context: ReadContext,
): void {
  const { rcvbuf, sndbuf, keepalive, multipath } = parameters;
  if (multipath) context.warn('multipath is not supported on this platform, ignored');
  const nothingToSet = rcvbuf === undefined && sndbuf === undefined && keepalive?.on !== true;
  if (nothingToSet || canSet()) return;
  const why = 'without the package "sockopt"';
  if (rcvbuf !== undefined) context.warn(`"rcvbuf" is not supported ${why}, ignored`);
  if (sndbuf !== undefined) context.warn(`"sndbuf" is not supported ${why}, ignored`);
  if (keepalive?.on === true) {
    context.warn(`"so_keepalive" sets only the idle time ${why}, the rest is ignored`);
  }
}
