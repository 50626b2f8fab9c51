import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isHostName } from '../src/client-name.js';

const near = fc.string({
  unit: fc.constantFrom('a', 'Z', '0', '9', '-', '.', '@', '[', '`', '{', '/', ':', ','),
});
const bytes = fc.uint8Array({ maxLength: 300 }).map((raw) => Buffer.from(raw).toString('latin1'));

it('J8: a host name is what the letters, digits, hyphen and dot of ASCII make, and nothing else', () => {
  fc.assert(
    fc.property(fc.oneof(near, bytes, fc.string({ unit: 'binary', maxLength: 20 })), (name) => {
      expect(isHostName(name)).toBe(/^[A-Za-z0-9.-]{1,253}$/.test(name) && !name.endsWith('\n'));
    }),
    { numRuns: 20_000 },
  );
});
