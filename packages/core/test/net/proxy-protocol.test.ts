import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/net/crc32c.js';
import {
  decodeProxyHeader,
  encodeProxyV1,
  encodeProxyV2,
  type ProxyEndpoint,
  type ProxyHeader,
} from '../../src/net/proxy-protocol.js';

const v4 = (address: string, port: number): ProxyEndpoint => ({ address, port, family: 'IPv4' });
const v6 = (address: string, port: number): ProxyEndpoint => ({ address, port, family: 'IPv6' });
const unix: ProxyEndpoint = { address: 'unix:', port: 0, family: 'Unix' };

const signature = '0d0a0d0a000d0a515549540a';
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A header of version 2 from its bytes behind the signature. */
const header2 = (text: string): Buffer => hex(`${signature}${text}`);

describe('writing', () => {
  it.each([
    {
      source: v4('192.0.2.7', 1234),
      destination: v4('198.51.100.1', 993),
      text: 'PROXY TCP4 192.0.2.7 198.51.100.1 1234 993\r\n',
    },
    {
      source: v6('2001:db8::7', 1),
      destination: v6('::1', 65535),
      text: 'PROXY TCP6 2001:db8::7 ::1 1 65535\r\n',
    },
    {
      source: v6('::ffff:192.0.2.7', 1),
      destination: v6('::ffff:192.0.2.8', 2),
      text: 'PROXY TCP6 ::ffff:192.0.2.7 ::ffff:192.0.2.8 1 2\r\n',
    },
    {
      source: v4('192.0.2.7', 1),
      destination: v6('::1', 2),
      text: 'PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n',
    },
    { source: unix, destination: unix, text: 'PROXY UNKNOWN\r\n' },
  ])('version 1: $text', ({ source, destination, text }) => {
    expect(encodeProxyV1(source, destination).toString()).toBe(text);
  });

  it.each([
    {
      name: 'IPv4',
      source: v4('192.0.2.7', 1234),
      destination: v4('198.51.100.1', 993),
      bytes: '2111 0013 c0000207 c6336401 04d2 03e1 03 0004',
    },
    {
      name: 'IPv6',
      source: v6('2001:db8::7', 1),
      destination: v6('::1', 2),
      bytes: `2121 002b 20010db8${'0'.repeat(22)}07 ${'0'.repeat(31)}1 0001 0002 03 0004`,
    },
    {
      name: 'K10: mixed families as IPv6',
      source: v4('192.0.2.7', 1),
      destination: v6('::1', 2),
      bytes: `2121 002b ${'0'.repeat(20)}ffffc0000207 ${'0'.repeat(31)}1 0001 0002 03 0004`,
    },
    {
      name: 'two mapped addresses as IPv4',
      source: v6('::ffff:192.0.2.7', 1),
      destination: v6('::ffff:192.0.2.8', 2),
      bytes: '2111 0013 c0000207 c0000208 0001 0002 03 0004',
    },
    {
      name: 'LOCAL for a UNIX client',
      source: unix,
      destination: unix,
      bytes: '2000 0007 03 0004',
    },
  ])('version 2: $name, with its checksum', ({ source, destination, bytes }) => {
    const header = encodeProxyV2(source, destination);
    const expected = header2(`${bytes}00000000`);
    expect(header.subarray(0, -4)).toEqual(expected.subarray(0, -4));
    expect(header.readUInt32BE(header.length - 4)).toBe(crc32c(expected));
  });

  it('version 2: fields stand between addresses and checksum, without empty and too long ones', () => {
    const header = encodeProxyV2(v4('192.0.2.7', 1), v4('192.0.2.8', 2), [
      { type: 0x02, value: Buffer.from('name') },
      { type: 0x01, value: Buffer.alloc(0) },
      { type: 0xe0, value: Buffer.alloc(1024, 7) },
      { type: 0xe1, value: Buffer.alloc(1025, 7) },
    ]);
    const fields = `020004 6e616d65 e00400 ${'07'.repeat(1024)} 030004`;
    const length = (12 + 7 + 1027 + 7).toString(16).padStart(4, '0');
    const expected = header2(`2111 ${length} c0000207 c0000208 0001 0002 ${fields} 00000000`);
    expect(header.subarray(0, -4)).toEqual(expected.subarray(0, -4));
    expect(header.readUInt32BE(header.length - 4)).toBe(crc32c(expected));
    expect(decodeProxyHeader(header)).toMatchObject({ kind: 'done', length: header.length });
  });

  it('the checksum is CRC-32C', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  });
});

/** Reads a header as it comes in pieces. */
function readInPieces(bytes: Buffer): ProxyHeader {
  for (let length = 0; length < bytes.length; length += 1) {
    const result = decodeProxyHeader(bytes.subarray(0, length));
    if (result.kind !== 'incomplete') return result;
  }
  return decodeProxyHeader(bytes);
}

describe('reading version 1', () => {
  it.each([
    {
      text: 'PROXY TCP4 192.0.2.7 198.51.100.1 1234 993\r\n',
      source: v4('192.0.2.7', 1234),
      destination: v4('198.51.100.1', 993),
    },
    {
      text: 'PROXY TCP6 2001:DB8:0::7 ::1 0 65535\r\n',
      source: { ...v6('2001:db8::7', 0), written: '2001:DB8:0::7' },
      destination: v6('::1', 65535),
    },
    {
      text: 'PROXY TCP4 192.0.2.7 198.51.100.1 000001234 0993\r\n',
      source: v4('192.0.2.7', 1234),
      destination: v4('198.51.100.1', 993),
    },
    { text: 'PROXY UNKNOWN\r\n' },
    { text: 'PROXY UNKNOWNX\r\n' },
    { text: 'PROXY UNKNOWN anything at all \x00\r\n' },
  ])('K3, K8: $text', ({ text, ...ends }) => {
    const bytes = Buffer.from(text);
    const expected = { kind: 'done', length: bytes.length, ...ends };
    expect(decodeProxyHeader(bytes)).toEqual(expected);
    expect(readInPieces(bytes)).toEqual(expected);
    expect(decodeProxyHeader(Buffer.concat([bytes, Buffer.from('EHLO x\r\n')]))).toEqual(expected);
  });

  it.each([
    ['K2: a command', 'EHLO x\r\n', 'EHLO'],
    ['N2: a login', 'a LOGIN alice secret\r\n', 'a'],
    ['G4, K4: an octet above 255', 'PROXY TCP4 999.0.2.1 192.0.2.2 1234 25\r\n'],
    ['K4: a port above 65535', 'PROXY TCP4 192.0.2.1 192.0.2.2 70000 25\r\n'],
    ['K4: LF alone', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n'],
    ['K4: a zone', 'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n'],
    ['K4: leading zeros', 'PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n'],
    ['K4: a tab', 'PROXY\tTCP4 1.2.3.4 1.2.3.4 1 2\r\n', 'PROXY\\x09TCP4'],
    ['K4: two spaces', 'PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n'],
    ['K4: 200 bytes without an end', 'x'.repeat(200), 'x'.repeat(107)],
    ['K7: a CR in an address', 'PROXY TCP4 1.2.3.4\rX 1.2.3.4 1 2\r\n', 'PROXY TCP4 1.2.3.4'],
    ['K7: an LF in an address', 'PROXY TCP4 1.2\n.3.4 1.2.3.4 1 2\r\n', 'PROXY TCP4 1.2'],
    [
      'K7: a NUL in an address',
      'PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n',
      'PROXY TCP4 1.2.3.4\\x00 1.2.3.4 1 2',
    ],
    ['K4: a second line', 'PROXY TCP4 1.2.3.4\r\nPROXY UNKNOWN\r\n', 'PROXY TCP4 1.2.3.4'],
    ['K4: lower case', 'proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n', 'proxy'],
    ['an unknown protocol', 'PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n'],
    ['the wrong family', 'PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n'],
    ['a port without digits', 'PROXY TCP4 1.2.3.4 1.2.3.4  2\r\n'],
    ['a signed port', 'PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n'],
    ['a missing port', 'PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n'],
    ['more words', 'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n'],
    ['a bare CR', 'PROXY UNKNOWN\rX\r\n', 'PROXY UNKNOWN'],
    [
      'K6: no end in 107 bytes',
      `PROXY UNKNOWN ${'x'.repeat(200)}`,
      `PROXY UNKNOWN ${'x'.repeat(93)}`,
    ],
  ])('%s is refused', (_name, text, shown = text.trimEnd()) => {
    expect(decodeProxyHeader(Buffer.from(text))).toEqual({
      kind: 'invalid',
      reason: `broken header: "${shown}"`,
    });
    expect(readInPieces(Buffer.from(text)).kind).toBe('invalid');
  });

  it('K6: a header of 107 bytes is read and one of 108 is not', () => {
    const filled = (length: number): Buffer =>
      Buffer.from(`PROXY UNKNOWN ${'x'.repeat(length - 16)}\r\n`);
    expect(readInPieces(filled(107))).toEqual({ kind: 'done', length: 107 });
    expect(readInPieces(filled(108)).kind).toBe('invalid');
    expect(decodeProxyHeader(filled(108)).kind).toBe('invalid');
  });
});

describe('reading version 2', () => {
  const addresses = 'c0000207 c6336401 04d2 03e1';
  const ends = { source: v4('192.0.2.7', 1234), destination: v4('198.51.100.1', 993) };
  const sum = crc32c(header2(`2111 0016 ${addresses} 040000 030004 00000000`))
    .toString(16)
    .padStart(8, '0');

  it.each([
    { name: 'IPv4', bytes: `2111 000c ${addresses}`, length: 28, ...ends },
    { name: 'TLVs', bytes: `2111 0011 ${addresses} 0400024142`, length: 33, ...ends },
    { name: 'a TLV without value', bytes: `2111 000f ${addresses} 040000`, length: 31, ...ends },
    {
      name: 'K7: a name with a line end, of which nothing is kept',
      bytes: `2111 0013 ${addresses} 020004 610d0a58`,
      length: 35,
      ...ends,
    },
    {
      name: 'a NOOP before the checksum',
      bytes: `2111 0016 ${addresses} 040000 030004 ${sum}`,
      length: 38,
      ...ends,
    },
    { name: 'K8: LOCAL', bytes: '2000 0000', length: 16 },
    { name: 'LOCAL with anything', bytes: '2011 0003 ffffff', length: 19 },
    { name: 'UNSPEC', bytes: '2100 0002 0000', length: 18 },
    { name: 'a datagram', bytes: `2112 000c ${addresses}`, length: 28 },
    { name: 'a UNIX socket with half its addresses', bytes: '2131 0004 41414141', length: 20 },
    { name: 'a UNIX socket', bytes: `2131 00d8 ${'00'.repeat(216)}`, length: 232 },
  ])('$name', ({ name: _name, bytes, length, ...endpoints }) => {
    const header = header2(bytes);
    const expected = { kind: 'done', length, ...endpoints };
    expect(readInPieces(header)).toEqual(expected);
    expect(decodeProxyHeader(Buffer.concat([header, Buffer.from('x')]))).toEqual(expected);
  });

  it.each([
    {
      name: 'version 1',
      bytes: `1111 000c ${addresses}`,
      reason: 'unknown PROXY protocol version: 1',
    },
    {
      name: 'command 15',
      bytes: `2f11 000c ${addresses}`,
      reason: 'unknown PROXY protocol command: 15',
    },
    { name: 'a length of 65535', bytes: '2111 ffff', reason: 'header is too large' },
    {
      name: 'a length of 65535 behind which only addresses come',
      bytes: `2111 ffff ${addresses}`,
      reason: 'header is too large',
    },
    {
      name: 'an IPv6 header with IPv4 addresses',
      bytes: `2121 000c ${addresses}`,
      reason: undefined,
    },
    { name: 'version 3', bytes: '3111 0000', reason: 'unknown PROXY protocol version: 3' },
    { name: 'command 2', bytes: '2211 0000', reason: 'unknown PROXY protocol command: 2' },
    {
      name: 'a short address block',
      bytes: '2111 0004 41414141',
      reason: undefined,
    },
    { name: 'a TLV beyond the end', bytes: `2111 000f ${addresses} 04ffff`, reason: 'broken TLV' },
    { name: 'half a TLV', bytes: `2111 000e ${addresses} 0400`, reason: 'broken TLV' },
    {
      name: 'a wrong checksum',
      bytes: `2111 0013 ${addresses} 03000400000000`,
      reason: 'wrong checksum',
    },
    {
      name: 'a short checksum',
      bytes: `2111 0011 ${addresses} 0300020000`,
      reason: 'wrong checksum',
    },
  ])('K5: $name is refused', ({ bytes, reason }) => {
    expect(decodeProxyHeader(header2(bytes))).toEqual({ kind: 'invalid', reason });
  });

  it('K5: 4096 bytes are waited for, 4097 are not', () => {
    expect(decodeProxyHeader(header2('2111 0ff0')).kind).toBe('incomplete');
    expect(decodeProxyHeader(header2('2111 0ff1')).kind).toBe('invalid');
  });
});
