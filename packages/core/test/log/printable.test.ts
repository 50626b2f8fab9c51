import { describe, expect, it } from 'vitest';
import { printable } from '../../src/log/printable.js';

const cases = [
  { name: 'plain text stays', input: 'a LOGIN "u" p', text: 'a LOGIN "u" p' },
  { name: 'an empty text stays empty', input: '', text: '' },
  { name: 'a backslash is left alone', input: 'DOMAIN\\user', text: 'DOMAIN\\user' },
  { name: 'valid UTF-8 stays', input: 'jürgen 日本 🙂', text: 'jürgen 日本 🙂' },
  { name: 'N6: a line end becomes bytes', input: 'a\r\nb', text: 'a\\x0D\\x0Ab' },
  { name: 'N6: a terminal escape becomes bytes', input: '\x1b[2J', text: '\\x1B[2J' },
  { name: 'N6: NUL and DEL become bytes', input: '\0\x7f', text: '\\x00\\x7F' },
  { name: 'N6: C1 controls become bytes', input: '\u009b2J', text: '\\xC2\\x9B2J' },
  {
    name: 'N6: a right-to-left override becomes bytes',
    input: 'a\u202eb',
    text: 'a\\xE2\\x80\\xAEb',
  },
  {
    name: 'N6: isolates and line separators become bytes',
    input: '\u2066\u2028',
    text: '\\xE2\\x81\\xA6\\xE2\\x80\\xA8',
  },
];

const byteCases = [
  { name: 'a lone continuation byte', input: [0x61, 0x80, 0x62], text: 'a\\x80b' },
  { name: 'an overlong slash', input: [0xc0, 0xaf], text: '\\xC0\\xAF' },
  { name: 'an overlong three-byte form', input: [0xe0, 0x80, 0xaf], text: '\\xE0\\x80\\xAF' },
  { name: 'a surrogate', input: [0xed, 0xa0, 0x80], text: '\\xED\\xA0\\x80' },
  {
    name: 'a code point above U+10FFFF',
    input: [0xf4, 0x90, 0x80, 0x80],
    text: '\\xF4\\x90\\x80\\x80',
  },
  { name: 'a sequence cut at the end', input: [0x61, 0xe2, 0x82], text: 'a\\xE2\\x82' },
  {
    name: 'a valid character between broken ones',
    input: [0xff, 0xc3, 0xbc, 0xc3],
    text: '\\xFFü\\xC3',
  },
];

const cutCases = [
  { name: 'plain text', input: 'abcdef', max: 3, text: 'abc' },
  { name: 'before a character that does not fit', input: 'aü', max: 2, text: 'a' },
  { name: 'before an escape that does not fit', input: 'a\nb', max: 4, text: 'a' },
  { name: 'after an escape that fits', input: 'a\nb', max: 5, text: 'a\\x0A' },
  { name: 'at nothing', input: 'ü', max: 0, text: '' },
];

describe('printable', () => {
  it.each(cases)('$name', ({ input, text }) => {
    expect(printable(input)).toBe(text);
    expect(printable(Buffer.from(input))).toBe(text);
  });

  it.each(byteCases)('escapes $name byte by byte', ({ input, text }) => {
    expect(printable(Uint8Array.from(input))).toBe(text);
  });

  it.each(cutCases)('cuts $name', ({ input, max, text }) => {
    expect(printable(input, max)).toBe(text);
    expect(printable(Buffer.from(input), max)).toBe(text);
  });

  it('makes a lone surrogate of a string harmless', () => {
    expect(printable('a\ud800b')).toBe('a\ufffdb');
  });
});
