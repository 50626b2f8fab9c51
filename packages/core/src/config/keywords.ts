/** What the keywords of our schemas do: called by what Ajv compiles at run time, and by what it has compiled before. */
import { asciiLower } from './codec.js';
import { readBytes, readDuration, readInteger, readOffset, readSeconds } from './quantity.js';

/** For each quantity the function that gives `undefined` for a word which is none. */
export const quantities = {
  bytes: readBytes,
  offset: readOffset,
  duration: readDuration,
  seconds: readSeconds,
  integer: readInteger,
} as const;

/** A test for one of `names`, compared without regard to ASCII case. */
export function anyCase(names: readonly string[]): (word: string) => boolean {
  const known = new Set(names.map(asciiLower));
  return (word) => known.has(asciiLower(word));
}
