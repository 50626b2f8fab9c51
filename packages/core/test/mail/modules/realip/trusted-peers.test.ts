import { describe, expect, it } from 'vitest';
import type { ReadContext } from '../../../../src/config/directive.js';
import { SourceFiles } from '../../../../src/config/source-files.js';
import { ConfigError } from '../../../../src/errors.js';
import { TrustedPeers, trustedPeers } from '../../../../src/mail/modules/realip/trusted-peers.js';
import type { Peer } from '../../../../src/mail/peer.js';

function contextFor(warnings: string[]): ReadContext {
  const at = { file: 'nginx.conf', line: 5 };
  return {
    directive: 'set_real_ip_from',
    at,
    prefix: '/',
    confPrefix: '/',
    sources: new SourceFiles(),
    warn: (message) => warnings.push(message),
    error: (message) => new ConfigError(message, at),
  };
}

/** The peers that `set_real_ip_from` with each of `values` trusts, and the warnings. */
async function read(...values: readonly string[]) {
  const warnings: string[] = [];
  const context = contextFor(warnings);
  const lists = await Promise.all(
    values.map(async (value) => trustedPeers.parse([value], context)),
  );
  return { peers: new TrustedPeers(lists.flat()), warnings };
}

const peer = (address: string): Peer => {
  if (address === 'unix:') return { address, port: 0, family: 'Unix' };
  return { address, port: 1, family: address.includes(':') ? 'IPv6' : 'IPv4' };
};

describe('who is trusted', () => {
  it.each([
    { value: '192.0.2.1', yes: ['192.0.2.1', '::ffff:192.0.2.1'], no: ['192.0.2.2', '::1'] },
    {
      value: '10.0.0.0/8',
      yes: ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3', '::ffff:a01:203'],
      no: ['9.255.255.255', '11.0.0.0', '::a01:203', 'unix:'],
    },
    { value: '192.0.2.128/25', yes: ['192.0.2.128', '192.0.2.255'], no: ['192.0.2.127'] },
    { value: '192.0.2.4/31', yes: ['192.0.2.4', '192.0.2.5'], no: ['192.0.2.3', '192.0.2.6'] },
    { value: '192.0.2.1/32', yes: ['192.0.2.1'], no: ['192.0.2.0'] },
    { value: '0.0.0.0/0', yes: ['1.2.3.4', '::ffff:255.0.0.1'], no: ['::1', 'unix:'] },
    { value: '2001:db8::/32', yes: ['2001:db8::1', '2001:0DB8:ffff::'], no: ['2001:db9::'] },
    { value: '2001:db8::1', yes: ['2001:db8:0::1'], no: ['2001:db8::2', '192.0.2.1'] },
    { value: '::/0', yes: ['::1', 'fe80::1'], no: ['10.0.0.1', '::ffff:10.0.0.1', 'unix:'] },
    {
      // nginx compares a mapped peer as IPv4, so that this network holds nobody.
      value: '::ffff:10.0.0.0/104',
      yes: [],
      no: ['10.0.0.1', '::ffff:10.0.0.1'],
    },
    { value: 'unix:', yes: ['unix:'], no: ['127.0.0.1', '::1'] },
  ])('$value trusts $yes and not $no', async ({ value, yes, no }) => {
    const { peers, warnings } = await read(value);
    expect(yes.filter((address) => !peers.has(peer(address)))).toEqual([]);
    expect(no.filter((address) => peers.has(peer(address)))).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('without a directive nobody is', async () => {
    const { peers } = await read();
    expect(['127.0.0.1', '::1', 'unix:'].filter((one) => peers.has(peer(one)))).toEqual([]);
  });

  it('directives add up', async () => {
    const { peers } = await read('192.0.2.1', 'unix:', '2001:db8::/32', '10.0.0.0/8');
    const all = ['192.0.2.1', 'unix:', '2001:db8::7', '10.1.1.1'];
    expect(all.filter((one) => !peers.has(peer(one)))).toEqual([]);
  });

  it('a host name trusts each of its addresses, and no other', async () => {
    const { peers } = await read('localhost');
    expect(['127.0.0.1', '::1'].some((one) => peers.has(peer(one)))).toBe(true);
    expect(['127.0.0.2', '::2'].some((one) => peers.has(peer(one)))).toBe(false);
  });

  it('an address that is none is not trusted', async () => {
    const { peers } = await read('0.0.0.0/0', '::/0');
    expect(peers.has({ address: '', port: 0, family: 'IPv4' })).toBe(false);
  });
});

describe('what is wrong', () => {
  it.each([
    { value: '10.0.0.1/8', inside: '10.9.9.9', outside: '11.0.0.1' },
    { value: '192.0.2.129/25', inside: '192.0.2.200', outside: '192.0.2.1' },
    { value: '2001:db8::1/32', inside: '2001:db8:5::', outside: '2001:db9::' },
    { value: '1.2.3.4/0', inside: '9.9.9.9', outside: '::1' },
  ])('$value is masked with a warning', async ({ value, inside, outside }) => {
    const { peers, warnings } = await read(value);
    expect(warnings).toEqual([`low address bits of ${value} are meaningless`]);
    expect(peers.has(peer(inside))).toBe(true);
    expect(peers.has(peer(outside))).toBe(false);
  });

  it.each([
    'no.such.name.invalid',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '::/129',
    '127.1',
    '0x7f000001',
    '010.0.0.1',
    '[::1]',
    '*',
    'UNIX:',
    'unix:/path',
    '',
  ])('"%s" is no host', async (value) => {
    await expect(read(value)).rejects.toMatchObject({
      message: `host not found in set_real_ip_from "${value}"`,
      line: 5,
    });
  });
});
