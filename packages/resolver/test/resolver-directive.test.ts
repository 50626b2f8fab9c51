import { createServer, SourceFiles, type Codec } from '@postern/core';
import { describe, expect, it } from 'vitest';
import { resolver, type ResolverSpec } from '../src/index.js';
import { resolverCodec } from '../src/resolver-directive.js';

const server = (host: string, port = 53): object => ({
  family: host.includes(':') ? 'IPv6' : 'IPv4',
  host,
  port,
});

/** What the words give, or the sentence they are refused with. */
async function read(line: string): Promise<ResolverSpec | string | undefined> {
  const context = {
    directive: 'resolver',
    sources: new SourceFiles(),
    error: (message: string) => new Error(message),
  } as Partial<Parameters<Codec<unknown>['parse']>[1]> as Parameters<Codec<unknown>['parse']>[1];
  try {
    return await resolverCodec.parse(line.split(' '), context);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('resolver', () => {
  const plain = { validSeconds: 0, ipv4: true, ipv6: true };
  it.each([
    { line: '127.0.0.1', is: { servers: [server('127.0.0.1')], ...plain } },
    {
      line: '127.0.0.1:5353 [::1] [2001:DB8::1]:54',
      is: {
        servers: [server('127.0.0.1', 5353), server('::1'), server('2001:db8::1', 54)],
        ...plain,
      },
    },
    {
      line: 'valid=1h30m 127.0.0.1 ipv6=off',
      is: { servers: [server('127.0.0.1')], validSeconds: 5400, ipv4: true, ipv6: false },
    },
    {
      line: '127.0.0.1 ipv4=off ipv6=on valid=0',
      is: { servers: [server('127.0.0.1')], ...plain, ipv4: false },
    },
    { line: 'off', is: undefined },
    { line: 'off valid=x nothing', is: undefined },
  ])('reads $line', async ({ line, is }) => {
    expect(await read(line)).toEqual(is);
  });

  it('asks the system for the addresses of a name, and takes them all', async () => {
    const spec = await read('localhost:5353');
    expect(typeof spec === 'object' && spec.servers.length).toBeGreaterThan(0);
    expect(typeof spec === 'object' && spec.servers).toContainEqual(
      expect.objectContaining({ port: 5353 }),
    );
  });

  it.each([
    { line: 'valid=5s', is: 'no name servers defined' },
    { line: '127.0.0.1 valid=x', is: 'invalid parameter: valid=x' },
    { line: '127.0.0.1 valid=', is: 'invalid parameter: valid=' },
    { line: '127.0.0.1 valid=5ms', is: 'invalid parameter: valid=5ms' },
    { line: '127.0.0.1 ipv4=yes', is: 'invalid parameter: ipv4=yes' },
    { line: '127.0.0.1 ipv6=OFF', is: 'invalid parameter: ipv6=OFF' },
    { line: '127.0.0.1 ipv4=off ipv6=off', is: '"ipv4" and "ipv6" cannot both be "off"' },
    { line: 'ipv4=off ipv6=off', is: '"ipv4" and "ipv6" cannot both be "off"' },
    { line: '127.0.0.1:0', is: 'invalid port in resolver "127.0.0.1:0"' },
    { line: '127.0.0.1:70000', is: 'invalid port in resolver "127.0.0.1:70000"' },
    { line: '127.0.0.1/x', is: 'invalid host in resolver "127.0.0.1/x"' },
    { line: '[::g]', is: 'invalid IPv6 address in resolver "[::g]"' },
    { line: 'unix:/tmp/s', is: 'invalid host in resolver "unix:/tmp/s"' },
    { line: '*', is: 'host not found in resolver "*"' },
    { line: 'no-such-host.invalid', is: 'host not found in resolver "no-such-host.invalid"' },
    { line: 'OFF.invalid', is: 'host not found in resolver "OFF.invalid"' },
    {
      line: '127.0.0.1 status_zone=x.invalid',
      is: 'host not found in resolver "status_zone=x.invalid"',
    },
  ])('refuses $line', async ({ line, is }) => {
    expect(await read(line)).toBe(is);
  });
});

describe('in a configuration', () => {
  const load = (directives: string): Promise<string> =>
    createServer({ modules: [resolver], config: `events {} mail { ${directives} }` }).then(
      () => 'ok',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );

  it.each([
    { directives: 'resolver 127.0.0.1; resolver_timeout 5s;', is: 'ok' },
    { directives: 'resolver off; resolver off;', is: '"resolver" directive is duplicate' },
    { directives: 'resolver;', is: 'invalid number of arguments in "resolver" directive' },
    { directives: 'resolver_timeout 1y;', is: '"resolver_timeout" directive invalid value' },
    {
      directives: 'resolver_timeout 1s; resolver_timeout 1s;',
      is: '"resolver_timeout" directive is duplicate',
    },
  ])('$directives', async ({ directives, is }) => {
    expect(await load(directives)).toContain(is);
  });

  it('stands outside of mail nowhere', async () => {
    const config = 'resolver 127.0.0.1; events {} mail {}';
    await expect(createServer({ modules: [resolver], config })).rejects.toThrow(
      '"resolver" directive is not allowed here',
    );
  });
});
