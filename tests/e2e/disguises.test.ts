/** The search for secrets finds them: a test of the tests. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { disguisesOf } from './disguises.js';

const secret = 'Canary0123456789';
const bytes = Buffer.from(secret);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const cases = [
  { name: 'plain text', text: `a LOGIN bob "${secret}"` },
  { name: 'a PLAIN response', text: base64(`\0bob\0${secret}`) },
  { name: 'a PLAIN response of a longer name', text: base64(`\0bobb\0${secret} and more`) },
  { name: 'a PLAIN response of a still longer name', text: base64(`\0bobby\0${secret}?`) },
  { name: 'a LOGIN response', text: base64(secret) },
  { name: 'a dump of a buffer', text: inspect(bytes) },
  { name: 'a buffer in JSON', text: JSON.stringify(bytes) },
  { name: 'hexadecimal', text: bytes.toString('hex') },
  { name: 'percent escapes', text: '%43%61%6e%61%72%79%30%31%32%33%34%35%36%37%38%39' },
];

describe('the search for a secret', () => {
  it.each(cases)('finds it in $name', ({ text }) => {
    expect(disguisesOf(secret).some((disguise) => text.includes(disguise.text))).toBe(true);
  });

  it('finds nothing where nothing is', () => {
    const text = 'client logged in, client: 127.0.0.1, server: 127.0.0.1:143, login: "bob"';
    expect(disguisesOf(secret).filter((disguise) => text.includes(disguise.text))).toEqual([]);
  });
});
