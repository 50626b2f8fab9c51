/** Client names by a real DNS server. */
import { findClientName, Resolver, type NamedSession, type ResolverSpec } from '@postern/resolver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../free-port.js';
import { startDnsServer, type DnsServer } from './dns-server.js';

const six = `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa.`;
const manyAddresses = Array.from({ length: 60 }, (_, n) => `big.test. 60 IN A 198.51.100.${n}`);

let dns: DnsServer;

beforeAll(async () => {
  const pointers = [
    'MX.Test.',
    'elsewhere.test.',
    'gone.test.',
    'a.broken.example.',
    'big.test.',
    'alias.test.',
    'x\\013\\010auth-status:\\032ok.test.',
    'a\\032b.test.',
    'a\\000b.test.',
    '_a.test.',
    '\\255.test.',
    '.',
    '-a.test.',
  ];
  dns = await startDnsServer({
    own: ['2.0.192.in-addr.arpa.', 'ip6.arpa.', 'test.'],
    broken: ['broken.example.', '100.51.198.in-addr.arpa.'],
    silent: ['113.0.203.in-addr.arpa.'],
    records: [
      ...pointers.map((target, n) => `${n + 1}.2.0.192.in-addr.arpa. 60 IN PTR ${target}`),
      `${six} 60 IN PTR mx.test.`,
      'mx.test. 60 IN A 192.0.2.1',
      'mx.test. 60 IN AAAA 2001:db8::1',
      'elsewhere.test. 60 IN A 192.0.2.99',
      'big.test. 60 IN A 192.0.2.5',
      ...manyAddresses,
      'alias.test. 60 IN CNAME target.test.',
      'target.test. 60 IN A 192.0.2.6',
      '-a.test. 60 IN A 192.0.2.13',
    ],
  });
});

afterAll(() => dns.stop());

/** The name of a client, what was logged, and what the resolver itself logged. */
async function nameOf(
  address: string,
  { port = dns.port, timeoutMs = 20_000 } = {},
): Promise<{ readonly name: string; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const spec: ResolverSpec = {
    servers: [{ family: 'IPv4', host: '127.0.0.1', port }],
    validSeconds: 0,
    ipv4: true,
    ipv6: true,
  };
  const resolver = new Resolver(spec, {
    log: { log: () => undefined },
    connections: { take: () => 1, release: () => undefined, exhausted: '' },
  });
  const session: NamedSession = {
    client: { address, port: 1, family: address.includes(':') ? 'IPv6' : 'IPv4' },
    closed: false,
    onAbandon: () => undefined,
    offAbandon: () => undefined,
    log: { action: '', error: (line) => void lines.push(line) },
  };
  const name = await findClientName(session, resolver, timeoutMs);
  resolver.end();
  return { name, lines };
}

const unavailable = '[UNAVAILABLE]';
const temporarily = '[TEMPUNAVAIL]';

describe('beside unbound', () => {
  it.each([
    { what: 'a name that leads back', from: '192.0.2.1', is: 'mx.test' },
    { what: 'a name that leads back by AAAA', from: '2001:db8::1', is: 'mx.test' },
    { what: 'a name that begins with a hyphen', from: '192.0.2.13', is: '-a.test' },
    { what: 'an answer of 61 addresses, which needs TCP', from: '192.0.2.5', is: 'big.test' },
    { what: 'a name that is an alias', from: '192.0.2.6', is: 'alias.test' },
    { what: 'J9: a name that leads elsewhere', from: '192.0.2.2', is: unavailable },
    {
      what: 'J10: no name',
      from: '192.0.2.200',
      is: unavailable,
      line: '192.0.2.200 could not be resolved (3: Host not found)',
    },
    {
      what: 'J10: a name that does not exist',
      from: '192.0.2.3',
      is: unavailable,
      line: '"gone.test" could not be resolved (3: Host not found)',
    },
    {
      what: 'J10: SERVFAIL for the address',
      from: '198.51.100.1',
      is: temporarily,
      line: '198.51.100.1 could not be resolved (2: Server failure)',
    },
    {
      what: 'J10: SERVFAIL for the name',
      from: '192.0.2.4',
      is: temporarily,
      line: '"a.broken.example" could not be resolved (2: Server failure)',
    },
  ])('$what gives $is', async ({ from, is, line }) => {
    expect(await nameOf(from)).toEqual({ name: is, lines: line === undefined ? [] : [line] });
  });

  it.each([
    { from: '192.0.2.7', shown: 'x\\x0D\\x0Aauth-status: ok.test' },
    { from: '192.0.2.8', shown: 'a b.test' },
    { from: '192.0.2.9', shown: 'a\\x00b.test' },
    { from: '192.0.2.10', shown: '_a.test' },
    { from: '192.0.2.11', shown: '\\xFF.test' },
    { from: '192.0.2.12', shown: '' },
  ])('G2, J8: a hostile name "$shown" is not believed', async ({ from, shown }) => {
    const line = `${from} resolved to invalid host name "${shown}"`;
    expect(await nameOf(from)).toEqual({ name: temporarily, lines: [line] });
  });

  it('J10: a server that does not answer costs no more than the limit', async () => {
    const line = '203.0.113.1 could not be resolved (110: Operation timed out)';
    const answer = await nameOf('203.0.113.1', { timeoutMs: 300 });
    expect(answer).toEqual({ name: temporarily, lines: [line] });
  });

  it('J10: no server costs no more than the limit', async () => {
    const line = '192.0.2.1 could not be resolved (110: Operation timed out)';
    const answer = await nameOf('192.0.2.1', { port: await freePort(), timeoutMs: 300 });
    expect(answer).toEqual({ name: temporarily, lines: [line] });
  });
});
