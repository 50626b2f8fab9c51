/** E13: whatever the auth service approves, a backend reads one command in each piece it is sent. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { languages } from './languages.js';

/** Bytes that end lines, quote, announce literals or separate words, among any others. */
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(...Buffer.from('\r\n\0"\\{}+=* %().-1')),
      fc.integer({ min: 0, max: 255 }),
    ),
    { maxLength: 24 },
  )
  .map((each) => Uint8Array.from(each));

describe('E13: credentials of any bytes', () => {
  it.each(languages)('stay one command a piece or are refused: $name', ({ checkBackend }) => {
    fc.assert(
      fc.property(bytes, bytes, (login, secret) => {
        checkBackend({ login, secret });
      }),
      { numRuns: 20_000 },
    );
  });
});
