import { describe, it } from 'vitest';
import fc from 'fast-check';
import { printable } from '../../src/log/printable.js';

const runs = { numRuns: 20_000 };
const unsafe = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

describe('printable, for any bytes', () => {
  it('N6: leaves no control character and keeps within its limit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(80), (bytes, max) => {
        const text = printable(bytes, max);
        return !unsafe.test(text) && Buffer.byteLength(text) <= max;
      }),
      runs,
    );
  });

  it('agrees with a strict decoder on text without controls', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        if (unsafe.test(text)) return true;
        return printable(Buffer.from(text)) === text && printable(text) === text;
      }),
      runs,
    );
  });

  it('gives the same for a string and for its bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(120), (text, max) => {
        return printable(text, max) === printable(Buffer.from(text), max);
      }),
      runs,
    );
  });
});
