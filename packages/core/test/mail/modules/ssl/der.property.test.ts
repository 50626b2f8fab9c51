import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  objectIdentifier,
  readElement,
  readElements,
} from '../../../../src/mail/modules/ssl/der.js';
import {
  commonName,
  distinguishedName,
} from '../../../../src/mail/modules/ssl/distinguished-name.js';

const numRuns = 20_000;
const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));

function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

/** Contents of a Name with values of any type and any bytes. */
const name = fc
  .array(
    fc.record({
      type: fc.constantFrom('550403', '55040a', '2a864886f70d010901', '2a030405'),
      tag: fc.constantFrom(12, 19, 20, 22, 28, 30, 3),
      value: fc.uint8Array({ maxLength: 200 }),
    }),
    { maxLength: 5 },
  )
  .map((attributes) =>
    Buffer.concat(
      attributes.map(({ type, tag, value }) => {
        const identifier = element(6, Buffer.from(type, 'hex'));
        const pair = Buffer.concat([identifier, element(tag, Buffer.from(value))]);
        return element(0x31, element(0x30, pair));
      }),
    ),
  );

function isPrintableAscii(text: string): boolean {
  return [...text].every((char) => char >= ' ' && char <= '~');
}

describe('DER', () => {
  it('is read from any bytes without a throw, and elements lie side by side', () => {
    fc.assert(
      fc.property(bytes, (input) => {
        const elements = readElements(input);
        if (elements === undefined) return;
        expect(Buffer.concat(elements.map(({ whole }) => whole))).toEqual(input);
      }),
      { numRuns },
    );
  });

  it('that was made is read back', () => {
    const content = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(fc.constantFrom(2, 0x30, 0x31, 0xa0), content, bytes, (tag, inner, rest) => {
        const whole = element(tag, inner);
        expect(readElement(Buffer.concat([whole, rest]))).toEqual({ tag, content: inner, whole });
      }),
      { numRuns },
    );
  });

  it('object identifiers are digits and dots, or none', () => {
    fc.assert(
      fc.property(bytes, (input) => {
        const dotted = objectIdentifier(input);
        expect(dotted === undefined || /^[0-9]+(\.[0-9]+)+$/.test(dotted)).toBe(true);
      }),
      { numRuns },
    );
  });
});

describe('G3: a distinguished name', () => {
  it.each([
    { what: 'any bytes', input: bytes },
    { what: 'any values', input: name },
  ])('of $what is one line of printable ASCII', ({ input }) => {
    fc.assert(
      fc.property(input, (content) => {
        commonName(content);
        expect(isPrintableAscii(distinguishedName(content))).toBe(true);
      }),
      { numRuns },
    );
  });
});
