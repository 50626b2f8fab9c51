/** One table of promises for all protocols. What they promise is in the test kit's contract. */
import { describe, expect, it } from 'vitest';
import { languages } from './languages.js';

describe.each(languages)('$name', ({ contract }) => {
  it.each([...contract])('$name', ({ check }) => {
    expect(check).not.toThrow();
  });
});
