import { decode, encode, type Answer } from 'dns-packet';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeName, readName } from '../src/domain-name.js';
import { decodeResponse, encodeQuery, questionOf, RecordType } from '../src/message.js';
import { record } from './fake-dns.js';

const runs = { numRuns: 20_000 };

const label = fc.string({
  unit: fc.constantFrom('a', 'z', '0', '-', '_'),
  minLength: 1,
  maxLength: 63,
});
const hostName = fc
  .array(label, { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join('.'))
  .filter((name) => name.length <= 253);
const type = fc.constantFrom(...Object.values(RecordType));
const typeNames: Readonly<Record<number, 'A' | 'AAAA' | 'CNAME' | 'PTR'>> = {
  1: 'A',
  5: 'CNAME',
  12: 'PTR',
  28: 'AAAA',
};

/** Whatever comes back: at most a thousand records, each no longer than the wire allows, and no exception. */
function expectBounded(bytes: Uint8Array, name: string, kind: number): void {
  const question = questionOf(name, kind) ?? expect.unreachable();
  const decoded = decodeResponse(bytes, { id: 7, question });
  if ('ignored' in decoded) return;
  if (decoded.records.length > 1000) expect.unreachable('too many records');
  for (const { name: owner, address, target, ttl } of decoded.records) {
    const isBounded = owner.length <= 253 && target.length <= 253 && address.length <= 16;
    if (!isBounded || ttl < 0 || ttl >= 2 ** 31) expect.unreachable('a record out of bounds');
  }
}

it('J5, J7: arbitrary bytes behind a right header never throw, and what is read is bounded', () => {
  const tail = fc.uint8Array({ maxLength: 400 });
  fc.assert(
    fc.property(hostName, type, fc.nat({ max: 0xffff }), tail, (name, kind, count, rest) => {
      const question = questionOf(name, kind) ?? expect.unreachable();
      const header = encodeQuery({ id: 7, question });
      header[2] = 0x81;
      header.writeUInt16BE(count, 6);
      expectBounded(Buffer.concat([header, rest]), name, kind);
      expectBounded(rest, name, kind);
    }),
    runs,
  );
});

const answer = fc
  .record({ kind: type, owner: hostName, target: hostName })
  .map(({ kind, owner, target }): Answer => {
    const typeName = typeNames[kind] ?? 'A';
    const data = typeName === 'A' ? '192.0.2.1' : typeName === 'AAAA' ? '2001:db8::1' : target;
    return record(typeName, owner, data);
  });
const change = fc.record({ at: fc.nat({ max: 600 }), byte: fc.nat({ max: 255 }) });

it('J5: changed responses never throw, and what is read is bounded', () => {
  const changes = fc.array(change, { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 4 }), changes, type, (answers, spots, kind) => {
      const questions = [{ name: 'mx.test', type: typeNames[kind] ?? 'A' }];
      const bytes = encode({ type: 'response', id: 7, questions, answers });
      for (const { at, byte } of spots) bytes[at % bytes.length] = byte;
      expectBounded(bytes, 'mx.test', kind);
    }),
    runs,
  );
});

it('J5: reading a name ends, and takes at most 255 bytes of it, wherever it begins', () => {
  // Few values make many pointers.
  const byte = fc.constantFrom(0, 1, 2, 3, 63, 64, 0xc0, 0xc0, 0xc1, 0xff);
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 300 }), fc.nat({ max: 300 }), (bytes, at) => {
      const read = readName(Uint8Array.from(bytes), at);
      if (typeof read === 'string') return;
      if (read.name.length > 253 || read.next > bytes.length) expect.unreachable('out of bounds');
    }),
    runs,
  );
});

it('a name that was written is read back', () => {
  fc.assert(
    fc.property(hostName, (name) => {
      const wire = encodeName(name) ?? expect.unreachable();
      expect(readName(wire, 0)).toEqual({ name, next: wire.length });
    }),
    runs,
  );
});

it('a query means the same to another decoder', () => {
  fc.assert(
    fc.property(hostName, type, fc.nat({ max: 0xffff }), (name, kind, id) => {
      const question = questionOf(name, kind) ?? expect.unreachable();
      const decoded = decode(encodeQuery({ id, question }));
      expect(decoded.id).toBe(id);
      expect(decoded.questions).toEqual([{ name, type: typeNames[kind], class: 'IN' }]);
    }),
    runs,
  );
});
