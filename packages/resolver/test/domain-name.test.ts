import { ipBytes } from '@postern/core';
import { describe, expect, it } from 'vitest';
import { encodeName, readName, reverseName } from '../src/domain-name.js';

const labels = (...parts: readonly string[]): Buffer =>
  Buffer.from(
    parts.map((part) => `${String.fromCharCode(part.length)}${part}`).join('') + '\0',
    'latin1',
  );

describe('reading', () => {
  it.each([
    { name: 'labels are joined by dots', bytes: labels('mx', 'test'), is: 'mx.test' },
    { name: 'letters become lower case', bytes: labels('MX', 'Test'), is: 'mx.test' },
    { name: 'the root is empty', bytes: labels(), is: '' },
    { name: 'any other byte stays', bytes: labels('a b\r\n\0_\xff\xc4'), is: 'a b\r\n\0_\xff\xc4' },
  ])('$name', ({ bytes, is }) => {
    expect(readName(bytes, 0)).toEqual({ name: is, next: bytes.length });
  });

  it('follows a pointer backwards, and goes on behind it', () => {
    const bytes = Buffer.concat([labels('test'), Buffer.from('\x02mx\xc0\0!', 'latin1')]);
    expect(readName(bytes, 6)).toEqual({ name: 'mx.test', next: 11 });
  });

  it('takes the longest name there is', () => {
    const long = labels('a'.repeat(63), 'b'.repeat(63), 'c'.repeat(63), 'd'.repeat(61));
    expect(long).toHaveLength(255);
    expect(readName(long, 0)).toMatchObject({ next: 255 });
  });

  const loop = 'compression pointers loop in DNS response';
  const outside = 'name is out of DNS response';
  it.each([
    { name: 'a pointer to itself', bytes: 'xx\xc0\x02', at: 2, is: loop },
    { name: 'a pointer forwards', bytes: '\xc0\x02\0', at: 0, is: loop },
    { name: 'a pointer past the end', bytes: '\xc0\xff', at: 0, is: loop },
    { name: 'a pointer into the labels before it', bytes: '\x01a\xc0\0', at: 0, is: loop },
    { name: 'half a pointer', bytes: '\0\xc0', at: 1, is: outside },
    { name: 'a label past the end', bytes: '\x05abc', at: 0, is: outside },
    { name: 'a label that ends the message', bytes: '\x03abc', at: 0, is: outside },
    { name: 'nothing at all', bytes: '', at: 0, is: outside },
    { name: 'label type 01', bytes: '\x40\0', at: 0, is: 'invalid label type in DNS response' },
    { name: 'label type 10', bytes: '\x80\0', at: 0, is: 'invalid label type in DNS response' },
  ])('J5: refuses $name', ({ bytes, at, is }) => {
    expect(readName(Buffer.from(bytes, 'latin1'), at)).toBe(is);
  });

  it('J5: follows 127 pointers and not one more', () => {
    const ladder = Buffer.alloc(2 * 128 + 1);
    for (let step = 0; step < 128; step += 1) {
      ladder.writeUInt16BE(0xc000 | (step === 0 ? 0 : 2 * step - 1), 2 * step + 1);
    }
    expect(readName(ladder, 2 * 126 + 1)).toMatchObject({ name: '' });
    expect(readName(ladder, 2 * 127 + 1)).toBe(loop);
  });

  it('J5: refuses a name of 256 bytes', () => {
    const long = labels('a'.repeat(63), 'b'.repeat(63), 'c'.repeat(63), 'd'.repeat(62));
    expect(readName(long, 0)).toBe('too long name in DNS response');
  });
});

describe('writing', () => {
  it('is what is read', () => {
    expect(encodeName('mx.example.test')).toEqual(labels('mx', 'example', 'test'));
  });

  it.each([
    { name: 'an empty name', text: '' },
    { name: 'an empty label', text: 'a..b' },
    { name: 'a dot at the end', text: 'a.' },
    { name: 'a dot at the start', text: '.a' },
    { name: 'a label of 64 bytes', text: 'a'.repeat(64) },
    { name: 'a name of 254 characters', text: `${'a.'.repeat(126)}ab` },
  ])('refuses $name', ({ text }) => {
    expect(encodeName(text)).toBeUndefined();
  });
});

describe('the name of an address', () => {
  it.each([
    { address: '192.0.2.1', is: '1.2.0.192.in-addr.arpa' },
    {
      address: '2001:db8::1',
      is: '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
    },
  ])('of $address is $is', ({ address, is }) => {
    expect(reverseName(ipBytes(address) ?? expect.unreachable())).toBe(is);
  });
});
