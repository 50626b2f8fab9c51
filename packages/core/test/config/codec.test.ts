import { describe, expect, it } from 'vitest';
import * as codecs from '../../src/config/codec.js';
import type { Codec, ReadContext } from '../../src/config/directive.js';
import { SourceFiles } from '../../src/config/source-files.js';
import { checkWords } from '../../src/config/schema.js';
import { ConfigError } from '../../src/errors.js';

const warnings: string[] = [];

const context: ReadContext = {
  directive: 'd',
  at: { file: 'x.conf', line: 1 },
  prefix: '/var/',
  confPrefix: '/etc/',
  sources: new SourceFiles(),
  warn: (message) => warnings.push(message),
  error: (message) => new ConfigError(message),
};

/** The value, or nginx's sentence. */
function read(codec: Codec<unknown>, ...words: readonly string[]): unknown {
  const fault = checkWords(codec.schema, words);
  if (fault === 'count') return 'count';
  return fault === 'form' ? codec.refusal('d', words) : codec.parse(words, context);
}

const invalid = '"d" directive invalid value';
const invalidNumber = '"d" directive invalid number';

interface Case {
  readonly text: string;
  readonly value: unknown;
}

function table(rows: Readonly<Record<string, unknown>>): readonly Case[] {
  return Object.entries(rows).map(([text, value]) => ({ text, value }));
}

describe('a size', () => {
  const cases = table({
    '0': 0,
    '8192': 8192,
    '8k': 8192,
    '8K': 8192,
    '1m': 1048576,
    '1M': 1048576,
    '0001k': 1024,
    '9007199254740991k': Number.MAX_SAFE_INTEGER,
    '9007199254740992k': invalid,
    '9223372036854775807': Number.MAX_SAFE_INTEGER,
    '9223372036854775808': invalid,
    '1g': invalid,
    '': invalid,
    k: invalid,
    '-1': invalid,
    '+1': invalid,
    '1.5k': invalid,
    '1 k': invalid,
    '1kk': invalid,
    '0x10': invalid,
    '1e3': invalid,
    '١': invalid,
  });
  it.each(cases)('"$text" is $value', ({ text, value }) => {
    expect(read(codecs.bytes, text)).toBe(value);
  });
});

describe('an offset', () => {
  const cases = table({
    '1g': 1073741824,
    '2G': 2147483648,
    '1m': 1048576,
    '8589934591g': Number.MAX_SAFE_INTEGER,
    '8589934592g': invalid,
    '1t': invalid,
  });
  it.each(cases)('"$text" is $value', ({ text, value }) => {
    expect(read(codecs.offset, text)).toBe(value);
  });
});

describe('a number', () => {
  const cases = table({
    '0': 0,
    '007': 7,
    '9223372036854775807': Number.MAX_SAFE_INTEGER,
    '9223372036854775808': invalidNumber,
    '99999999999999999999999999': invalidNumber,
    '00000000000000000000000000000000001': 1,
    '': invalidNumber,
    '1k': invalidNumber,
    '-1': invalidNumber,
    ' 1': invalidNumber,
    NaN: invalidNumber,
  });
  it.each(cases)('"$text" is $value', ({ text, value }) => {
    expect(read(codecs.integer, text)).toBe(value);
  });
});

describe('a time in milliseconds', () => {
  const cases = table({
    '0': 0,
    '5': 5000,
    '5s': 5000,
    '500ms': 500,
    '1h30m': 5_400_000,
    '1h 30m': 5_400_000,
    '90m': 5_400_000,
    '1w2d3h4m5s6ms': 788_645_006,
    '1s1': 2000,
    '1m1': 61_000,
    '1ms1': 1001,
    '1m1ms': 60_001,
    '1 2': 3000,
    '5 ': 5000,
    ' 5': 5000,
    '1s  1': 2000,
    '1hm': 3_600_000,
    '9223372036854775807ms': Number.MAX_SAFE_INTEGER,
    '9223372036854775808ms': invalid,
    '9223372036854775': Number.MAX_SAFE_INTEGER,
    '9223372036854776': invalid,
    '1y': invalid,
    '1M': invalid,
    '30m1h': invalid,
    '1m1m': invalid,
    '1ms1s': invalid,
    '1 h': invalid,
    '1 ms': invalid,
    '1 2ms': invalid,
    '1s ms': 1000,
    ' 1m': invalid,
    '1.5s': invalid,
    '-1': invalid,
    '1S': invalid,
    '1MS': invalid,
    ms: invalid,
    s: invalid,
    ' ': invalid,
    '': invalid,
    '1\t': invalid,
  });
  it.each(cases)('"$text" is $value', ({ text, value }) => {
    expect(read(codecs.duration, text)).toBe(value);
  });
});

describe('a time in seconds', () => {
  const cases = table({
    '0': 0,
    '5': 5,
    '5m': 300,
    '1y': 31_536_000,
    '1M': 2_592_000,
    '1y1M1w1d1h1m1s': 34_822_861,
    '9223372036854775807': Number.MAX_SAFE_INTEGER,
    '9223372036854775808': invalid,
    '292471208677y': Number.MAX_SAFE_INTEGER,
    '292471208678y': invalid,
    '5ms': invalid,
    '1M1y': invalid,
    '': invalid,
  });
  it.each(cases)('"$text" is $value', ({ text, value }) => {
    expect(read(codecs.seconds, text)).toBe(value);
  });
});

describe('a flag', () => {
  const wrong = (word: string): string =>
    `invalid value "${word}" in "d" directive, it must be "on" or "off"`;
  const cases = table({
    on: true,
    ON: true,
    off: false,
    oFF: false,
    true: wrong('true'),
    '': wrong(''),
  });
  it.each(cases)('"$text" is $value', ({ text, value }) => {
    expect(read(codecs.onOff, text)).toBe(value);
  });
});

describe('an enum', () => {
  const cases = table({
    on: 'on',
    Only: 'only',
    maybe: 'invalid value "maybe"',
    '': 'invalid value ""',
  });
  it.each(cases)('"$text" is $value', ({ text, value }) => {
    expect(read(codecs.oneOf('off', 'on', 'only'), text)).toBe(value);
  });

  it('compares the case of ASCII letters only', () => {
    expect(read(codecs.oneOf('k'), '\u212A')).toBe('invalid value "\u212A"');
  });
});

describe('a bit mask', () => {
  const auth = codecs.flags('plain', 'login', 'cram-md5');
  const cases = [
    {
      name: 'lists names in the order of declaration',
      words: ['cram-md5', 'plain'],
      value: ['plain', 'cram-md5'],
    },
    { name: 'takes any case', words: ['LOGIN'], value: ['login'] },
    {
      name: 'refuses the first wrong word',
      words: ['plain', 'x', 'y'],
      value: 'invalid value "x"',
    },
    { name: 'needs a word', words: [], value: 'count' },
  ];
  it.each(cases)('$name', ({ words, value }) => {
    expect(read(auth, ...words)).toEqual(value);
  });

  it('warns of a repeated name in the spelling of the file', () => {
    warnings.length = 0;
    expect(read(auth, 'plain', 'PLAIN')).toEqual(['plain']);
    expect(warnings).toEqual(['duplicate value "PLAIN"']);
  });

  it('adds up directives and warns of a name repeated in the second', () => {
    warnings.length = 0;
    expect(auth.join?.(['login'], ['plain', 'login'], context)).toEqual(['plain', 'login']);
    expect(warnings).toEqual(['duplicate value "login"']);
  });

  it('is frozen', () => {
    expect(read(auth, 'plain')).toSatisfy(Object.isFrozen);
  });
});

describe('words', () => {
  const breaks = '"d" directive has a line break or a NUL character in its value';
  const cases: { name: string; codec: Codec<unknown>; words: string[]; value: unknown }[] = [
    { name: 'one word may be empty', codec: codecs.word, words: [''], value: '' },
    { name: 'one word is not two', codec: codecs.word, words: ['a', 'b'], value: 'count' },
    { name: 'G5: a word with LF is refused', codec: codecs.word, words: ['a\nb'], value: breaks },
    { name: 'G5: a word with CR is refused', codec: codecs.word, words: ['a\rb'], value: breaks },
    { name: 'G5: a word with NUL is refused', codec: codecs.word, words: ['a\0b'], value: breaks },
    { name: 'a text may have lines', codec: codecs.text, words: ['a\nb'], value: 'a\nb' },
    {
      name: 'a list keeps its order',
      codec: codecs.words,
      words: ['b', 'a', 'b'],
      value: ['b', 'a', 'b'],
    },
    { name: 'a list needs a word', codec: codecs.words, words: [], value: 'count' },
    {
      name: 'G5: a list with LF in a word is refused',
      codec: codecs.words,
      words: ['a', '\n'],
      value: breaks,
    },
    { name: 'a pair has two words', codec: codecs.pair, words: ['a', 'b'], value: ['a', 'b'] },
    { name: 'a pair has not one word', codec: codecs.pair, words: ['a'], value: 'count' },
    {
      name: 'a pair has not three words',
      codec: codecs.pair,
      words: ['a', 'b', 'c'],
      value: 'count',
    },
    {
      name: 'G5: a pair with CR is refused',
      codec: codecs.pair,
      words: ['a', 'b\r'],
      value: breaks,
    },
    {
      name: 'a path is relative to the prefix',
      codec: codecs.path('prefix'),
      words: ['a/b'],
      value: '/var/a/b',
    },
    {
      name: 'a path is relative to the configuration',
      codec: codecs.path('conf'),
      words: ['../b'],
      value: '/etc/../b',
    },
    { name: 'a path may be absolute', codec: codecs.path('conf'), words: ['/b'], value: '/b' },
  ];
  it.each(cases)('$name', ({ codec, words, value }) => {
    expect(read(codec, ...words)).toEqual(value);
  });
});

describe('repetition', () => {
  it('is refused by default', () => {
    expect(
      [codecs.bytes, codecs.onOff, codecs.word, codecs.oneOf('a')].map((one) => one.repeat),
    ).toEqual(Array(4).fill('refuse'));
  });

  it('replaces in a repeatable codec', () => {
    expect(codecs.repeatable(codecs.words)).not.toHaveProperty('join');
    expect(codecs.repeatable(codecs.word).repeat).toBe('replace');
  });

  it('collects one item per directive in a list', async () => {
    const list = codecs.listOf(codecs.pair);
    const first = await list.parse(['a', '1'], context);
    const next = await list.parse(['b', '2'], context);
    expect(list.join?.(first, next, context)).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  it('waits in a list for an item that takes its time', async () => {
    const slow: Codec<string> = { ...codecs.text, parse: ([one = '']) => Promise.resolve(one) };
    await expect(codecs.listOf(slow).parse(['a'], context)).resolves.toEqual(['a']);
  });
});
