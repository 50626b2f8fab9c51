import { describe, expect, it } from 'vitest';
import {
  addressText,
  parseAddress,
  parseDecimal,
  resolveHost,
  type AddressForm,
  type AddressProblem,
} from '../../src/net/address.js';
import { ipBytes, ipText, literalFamily, normalHost } from '../../src/net/ip.js';

const listen = { listen: true, defaultPort: 0 } as const;
const url = { uri: true, defaultPort: 80 } as const;

const host = (name: string, port: number, lastPort = port, uri = ''): AddressForm => ({
  kind: 'host',
  host: name,
  port,
  lastPort,
  uri,
});

const unix = (path: string, uri = ''): AddressForm => ({
  kind: 'unix',
  host: path,
  port: 0,
  lastPort: 0,
  uri,
});

describe('an address of listen', () => {
  const accepted: readonly { name: string; text: string; form: AddressForm }[] = [
    { name: 'a port alone is all IPv4 addresses', text: '143', form: host('*', 143) },
    { name: 'a star is all IPv4 addresses', text: '*:143', form: host('*', 143) },
    { name: 'an IPv4 address with port', text: '192.0.2.1:143', form: host('192.0.2.1', 143) },
    { name: 'an address without port has port 0', text: '192.0.2.1', form: host('192.0.2.1', 0) },
    { name: 'IPv6 keeps its brackets', text: '[::1]:143', form: host('[::1]', 143) },
    { name: 'IPv6 without port has port 0', text: '[::]', form: host('[::]', 0) },
    { name: 'a name with port', text: 'mail.example:25', form: host('mail.example', 25) },
    { name: 'a name without port', text: 'mail', form: host('mail', 0) },
    { name: 'a range of ports alone', text: '143-145', form: host('*', 143, 145) },
    { name: 'a range behind a star', text: '*:143-145', form: host('*', 143, 145) },
    { name: 'a range behind IPv6', text: '[::]:1-2', form: host('[::]', 1, 2) },
    { name: 'a range of one port', text: '143-143', form: host('*', 143) },
    { name: 'a word with a dash is a name', text: 'mail-1', form: host('mail-1', 0) },
    { name: 'half a range is a name', text: '143-', form: host('143-', 0) },
    { name: 'a UNIX socket is not split at a colon', text: 'unix:/a:b', form: unix('/a:b') },
    { name: 'the prefix of a UNIX socket in capitals', text: 'UNIX:rel', form: unix('rel') },
    { name: 'the longest UNIX path', text: `unix:${'p'.repeat(107)}`, form: unix('p'.repeat(107)) },
  ];
  it.each(accepted)('$name', ({ text, form }) => {
    expect(parseAddress(text, listen)).toEqual(form);
  });

  const refused: readonly { text: string; problem: AddressProblem }[] = [
    { text: '0', problem: 'invalid port' },
    { text: '65536', problem: 'invalid port' },
    { text: '*:0', problem: 'invalid port' },
    { text: '*:x', problem: 'invalid port' },
    { text: '*:', problem: 'invalid port' },
    { text: '*:1e3', problem: 'invalid port' },
    { text: '*: 25', problem: 'invalid port' },
    { text: '*:٢٥', problem: 'invalid port' },
    { text: '*:-0', problem: 'invalid port' },
    { text: '1-65536', problem: 'invalid port' },
    { text: '0-5', problem: 'invalid port' },
    { text: '*:1-2-3', problem: 'invalid port' },
    { text: '[::1]:0', problem: 'invalid port' },
    { text: '145-143', problem: 'invalid port range' },
    { text: '*:145-143', problem: 'invalid port range' },
    { text: '[::]:145-143', problem: 'invalid port range' },
    { text: 'host/x', problem: 'invalid host' },
    { text: 'host?x', problem: 'invalid host' },
    { text: '[::1', problem: 'invalid host' },
    { text: '[::1]x', problem: 'invalid host' },
    { text: '[::1]/x', problem: 'invalid host' },
    { text: ':143', problem: 'no host' },
    { text: '', problem: 'no host' },
    { text: '[]:143', problem: 'no host' },
    { text: '[127.0.0.1]:143', problem: 'invalid IPv6 address' },
    { text: '[fe80::1%lo]:143', problem: 'invalid IPv6 address' },
    { text: 'unix:', problem: 'no path in the unix domain socket' },
    { text: `unix:${'p'.repeat(108)}`, problem: 'too long path in the unix domain socket' },
    { text: `unix:${'ü'.repeat(54)}`, problem: 'too long path in the unix domain socket' },
  ];
  it.each(refused.filter(({ text }) => text.length < 20))('"$text" is refused: $problem', (row) => {
    expect(parseAddress(row.text, listen)).toEqual({ problem: row.problem });
  });
  it.each(refused.filter(({ text }) => text.startsWith('unix:p') || text.startsWith('unix:ü')))(
    'a path longer than sun_path is refused, counted in bytes',
    (row) => {
      expect(parseAddress(row.text, listen)).toEqual({ problem: row.problem });
    },
  );
});

describe('an address of auth_http', () => {
  const accepted: readonly { text: string; form: AddressForm }[] = [
    { text: 'h', form: host('h', 80) },
    { text: 'h:9000/auth', form: host('h', 9000, 9000, '/auth') },
    { text: 'h?x', form: host('h', 80, 80, '?x') },
    { text: 'h/a?b:c', form: host('h', 80, 80, '/a?b:c') },
    { text: 'h?a/b', form: host('h', 80, 80, '?a/b') },
    { text: '[::1]:90/a', form: host('[::1]', 90, 90, '/a') },
    { text: '[::1]?a', form: host('[::1]', 80, 80, '?a') },
    { text: 'unix:/s', form: unix('/s') },
    { text: 'unix:/s:/auth:1', form: unix('/s', '/auth:1') },
  ];
  it.each(accepted)('"$text" is understood', ({ text, form }) => {
    expect(parseAddress(text, url)).toEqual(form);
  });

  const refused: readonly { text: string; problem: AddressProblem }[] = [
    { text: 'https://h/', problem: 'invalid port' },
    { text: 'h:1-2', problem: 'invalid port' },
    { text: '/x', problem: 'no host' },
    { text: '*', problem: 'host not found' },
    { text: '*:80/x', problem: 'host not found' },
    { text: 'unix::/x', problem: 'no path in the unix domain socket' },
  ];
  it.each(refused)('"$text" is refused: $problem', ({ text, problem }) => {
    expect(parseAddress(text, url)).toEqual({ problem });
  });
});

describe('names', () => {
  it.each([
    { host: '*', found: [] },
    { host: '192.0.2.1', found: ['192.0.2.1'] },
    { host: '[2001:DB8:0::1]', found: ['2001:db8::1'] },
    { host: '127.1', found: [] },
    { host: '99999999999999999999999', found: [] },
    { host: '0x7f.1', found: [] },
    { host: '010.0.0.1', found: [] },
    { host: '999.0.0.1', found: [] },
    { host: '1.2.3.4.', found: [] },
    { host: 'nul\0byte', found: [] },
    { host: 'no.such.name.invalid', found: [] },
  ])('$host gives $found', async (row) => {
    expect(await resolveHost(row.host)).toEqual(row.found);
  });

  it('localhost is asked of the system', async () => {
    const found = await resolveHost('localhost');
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((text) => text === '127.0.0.1' || text === '::1')).toBe(true);
  });
});

describe('texts', () => {
  it.each([
    { family: 'IPv4', host: '0.0.0.0', port: 143, text: '0.0.0.0:143' },
    { family: 'IPv6', host: '::', port: 143, text: '[::]:143' },
    { family: 'Unix', host: '/run/s', port: 0, text: 'unix:/run/s' },
  ] as const)('$text', ({ text, ...address }) => {
    expect(addressText(address)).toBe(text);
  });

  it.each([
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::FFFF:127.0.0.1', '::ffff:127.0.0.1'],
    ['::ffff:7f00:1', '::ffff:127.0.0.1'],
    ['fe80::', 'fe80::'],
    ['1::8', '1::8'],
    ['192.0.2.1', '192.0.2.1'],
    ['a name', 'a name'],
  ])('the normal form of %s is %s', (text, normal) => {
    expect(normalHost(text)).toBe(normal);
  });

  it.each(['127.1', '0x7f.1', '01.2.3.4', '1.2.3.4 ', 'fe80::1%eth0', '[::1]', '', '1.2.3', '::g'])(
    'H6: "%s" is no literal address',
    (text) => {
      expect(literalFamily(text)).toBeUndefined();
      expect(ipBytes(text)).toBeUndefined();
    },
  );

  it('bytes of an address and back', () => {
    expect([...(ipBytes('192.0.2.1') ?? [])]).toEqual([192, 0, 2, 1]);
    const bytes = ipBytes('2001:db8::192.0.2.1');
    expect(bytes && ipText(bytes)).toBe('2001:db8::c000:201');
  });

  it.each([
    ['0', 0],
    ['65535', 65535],
    ['007', 7],
    ['', undefined],
    ['-1', undefined],
    ['+1', undefined],
    ['1e3', undefined],
    ['25x', undefined],
    ['0x19', undefined],
    ['99999999999999999999', undefined],
  ])('O6: the decimal "%s" is %s', (text, value) => {
    expect(parseDecimal(text)).toBe(value);
  });
});
