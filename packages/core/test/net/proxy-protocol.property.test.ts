import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  decodeProxyHeader,
  encodeProxyV1,
  encodeProxyV2,
  type ProxyEndpoint,
} from '../../src/net/proxy-protocol.js';

const v4 = (address: string, port: number): ProxyEndpoint => ({ address, port, family: 'IPv4' });
const v6 = (address: string, port: number): ProxyEndpoint => ({ address, port, family: 'IPv6' });
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n');
const header2 = (text: string): Buffer =>
  Buffer.concat([signature, Buffer.from(text.replaceAll(' ', ''), 'hex')]);

/** Reads a header as it comes in pieces. */
function readInPieces(bytes: Buffer): ReturnType<typeof decodeProxyHeader> {
  for (let length = 0; length < bytes.length; length += 1) {
    const result = decodeProxyHeader(bytes.subarray(0, length));
    if (result.kind !== 'incomplete') return result;
  }
  return decodeProxyHeader(bytes);
}

const address4 = fc.ipV4().map((address) => v4(address, 0));
const address6 = fc.ipV6().map((address) => v6(address, 0));
const port = fc.nat({ max: 65535 });

it.each([
  { name: 'version 1', encode: encodeProxyV1 },
  { name: 'version 2', encode: encodeProxyV2 },
])(
  'what $name writes is read again',
  ({ encode }) => {
    const pair = fc.oneof(fc.tuple(address4, address4), fc.tuple(address6, address6));
    const run = (
      [from, to]: [ProxyEndpoint, ProxyEndpoint],
      fromPort: number,
      toPort: number,
    ): void => {
      const header = encode({ ...from, port: fromPort }, { ...to, port: toPort });
      const read = decodeProxyHeader(header);
      if (read.kind !== 'done') expect.unreachable(header.toString('latin1'));
      expect(read.length).toBe(header.length);
      expect([read.source?.port, read.destination?.port]).toEqual([fromPort, toPort]);
      if (read.source === undefined || read.destination === undefined) expect.unreachable();
      expect(encode(read.source, read.destination)).toEqual(header);
    };
    fc.assert(fc.property(pair, port, port, run), { numRuns: 20_000 });
  },
  60_000,
);

it('what version 2 writes with fields is read again, within its bound', () => {
  const tlv = fc.record({
    type: fc.nat({ max: 255 }).filter((type) => type !== 0x03),
    value: fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.uint8Array({ minLength: 1020, maxLength: 1030 }),
    ),
  });
  fc.assert(
    fc.property(address4, address6, fc.array(tlv, { maxLength: 3 }), (from, to, tlvs) => {
      const header = encodeProxyV2(from, to, tlvs);
      expect(decodeProxyHeader(header)).toMatchObject({ kind: 'done', length: header.length });
    }),
    { numRuns: 20_000 },
  );
}, 60_000);

it('any bytes give an answer, the same one in pieces', () => {
  const start = fc.constantFrom(
    Buffer.from('PROXY TCP4 1.2.3.4 '),
    Buffer.from('PROXY '),
    header2('2111 000c'),
    header2('21'),
    Buffer.alloc(0),
  );
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 40 }), (head, tail) => {
      const bytes = Buffer.concat([head, tail]);
      const whole = decodeProxyHeader(bytes);
      expect(readInPieces(bytes).kind).toBe(whole.kind);
    }),
    { numRuns: 20_000 },
  );
}, 60_000);
