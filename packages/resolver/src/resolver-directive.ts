/**
 * The value of `resolver` (`ngx_resolver_create`): servers by address or name, and parameters, in any order. Names are
 * resolved by the system while the configuration is read. Each directive gives a value of its own, by which its
 * resolver is found.
 */
import {
  manyWords,
  parseAddress,
  readSeconds,
  resolveHost,
  type Codec,
  type ReadContext,
  type SocketAddress,
} from '@postern/core';
import type { ResolverSpec } from './resolver.js';

const defaultPort = 53;

/** Codec of `resolver address ... [valid=time] [ipv4=on|off] [ipv6=on|off]` and `resolver off`. */
export const resolverCodec: Codec<ResolverSpec | undefined> = {
  schema: manyWords(),
  syntax: 'address ... [valid=time] [ipv4=on|off] [ipv6=on|off] | off',
  refusal: (directive) => `invalid number of arguments in "${directive}" directive`,
  repeat: 'refuse',
  parse: (words, context) => (words[0] === 'off' ? undefined : readResolver(words, context)),
};

/** What parameters set while they are read. */
interface Parameters {
  validSeconds: number;
  ipv4: boolean;
  ipv6: boolean;
}

async function readResolver(words: readonly string[], context: ReadContext): Promise<ResolverSpec> {
  const servers: SocketAddress[] = [];
  const parameters: Parameters = { validSeconds: 0, ipv4: true, ipv6: true };
  for (const word of words) {
    const known = readParameter(word, parameters);
    if (known === 'invalid') throw context.error(`invalid parameter: ${word}`);
    if (known === 'no parameter') servers.push(...(await readServer(word, context)));
  }
  if (!parameters.ipv4 && !parameters.ipv6) {
    throw context.error('"ipv4" and "ipv6" cannot both be "off"');
  }
  if (servers.length === 0) throw context.error('no name servers defined');
  return { servers, ...parameters };
}

function readParameter(word: string, parameters: Parameters): 'read' | 'invalid' | 'no parameter' {
  const [name = ''] = word.split('=', 1);
  const value = word.slice(name.length + 1);
  if (name === word) return 'no parameter';
  switch (name) {
    case 'valid': {
      const seconds = readSeconds(value);
      parameters.validSeconds = seconds ?? 0;
      return seconds === undefined ? 'invalid' : 'read';
    }
    case 'ipv4':
    case 'ipv6':
      parameters[name] = value === 'on';
      return value === 'on' || value === 'off' ? 'read' : 'invalid';
    default:
      return 'no parameter';
  }
}

async function readServer(word: string, context: ReadContext): Promise<readonly SocketAddress[]> {
  const refuse = (problem: string) => context.error(`${problem} in resolver "${word}"`);
  const form = parseAddress(word, { defaultPort });
  if ('problem' in form) throw refuse(form.problem);
  if (form.kind === 'unix') throw refuse('invalid host');
  const hosts = await context.sources.ask(`host ${form.host}`, () => resolveHost(form.host));
  if (hosts.length === 0) throw refuse('host not found');
  return hosts.map((host) => {
    const family = host.includes(':') ? 'IPv6' : 'IPv4';
    return { family, host, port: form.port };
  });
}
