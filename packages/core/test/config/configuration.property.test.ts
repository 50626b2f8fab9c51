import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as codecs from '../../src/config/codec.js';
import { type Codec, type ReadContext, slot } from '../../src/config/directive.js';
import { SourceFiles } from '../../src/config/source-files.js';
import { mainConf, serverConf } from '../../src/config/merge.js';
import { Lexer } from '../../src/config/lexer.js';
import { Parser, type Statement } from '../../src/config/parser.js';
import { readBytes, readDuration, readSeconds } from '../../src/config/quantity.js';
import { checkWords } from '../../src/config/schema.js';
import { OpenScope } from '../../src/config/scope.js';
import { ConfigError } from '../../src/errors.js';
import { defineModule } from '../../src/module/module.js';
import { connectionCount, eventMethod } from '../../src/process/event-codecs.js';
import { cpuAffinity } from '../../src/process/cpu-affinity.js';
import { priority, workerProcesses } from '../../src/process/main-codecs.js';

const runs = { numRuns: 20_000 };

/** Texts made of the characters that mean something, so that random ones are not all refused at once. */
const configText = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(' ', '\n', ';', '{', '}', '"', "'", '\\', '$', '#') },
      { weight: 4, arbitrary: fc.constantFrom('a', 'bc', 't', 'n', ')', '\t', '\r', '\0', 'ö') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

function readAll(bytes: Buffer, file: string | undefined): number {
  const parser = new Parser(bytes, file);
  let depth = 0;
  for (let count = 0; ; count++) {
    const statement = parser.next(depth > 0);
    if (statement === undefined && depth === 0) return count;
    if (statement === undefined) depth--;
    if (statement?.terminator === '{') depth++;
  }
}

function refusesProperly(bytes: Buffer, file: string | undefined): void {
  try {
    expect(readAll(bytes, file)).toBeLessThanOrEqual(bytes.length);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.line).toBeGreaterThan(0);
    expect(error.line).toBeLessThanOrEqual(bytes.toString('latin1').split('\n').length);
  }
}

describe('any text', () => {
  it('is read or refused with a ConfigError that has a line of it', () => {
    fc.assert(
      fc.property(configText, fc.constantFrom('x', undefined), (text, file) => {
        refusesProperly(Buffer.from(text), file);
      }),
      runs,
    );
  });

  it('of random bytes is read or refused with a ConfigError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        refusesProperly(Buffer.from(bytes), 'x');
      }),
      runs,
    );
  });

  it('gives words whose bytes it holds: nothing is made up', () => {
    fc.assert(
      fc.property(configText, (text) => {
        const lexer = new Lexer(Buffer.from(text), 'x');
        let total = 0;
        try {
          for (let token = lexer.next(); token.kind !== 'end'; token = lexer.next()) {
            if (token.kind === 'word') total += Buffer.byteLength(token.text);
          }
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
        }
        expect(total).toBeLessThanOrEqual(Buffer.byteLength(text));
      }),
      runs,
    );
  });
});

/** A word as it must be written: in quotes, with every backslash and quote escaped. */
function quote(word: string): string {
  return `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

const anyWord = fc.string({ unit: 'grapheme', maxLength: 12 });

describe('printed words', () => {
  it('are read back as they were', () => {
    fc.assert(
      fc.property(fc.array(anyWord, { minLength: 1, maxLength: 5 }), (words) => {
        const text = `${words.map(quote).join(' ')};`;
        const statement: Statement | undefined = new Parser(Buffer.from(text), 'x').next(false);
        expect([statement?.name, ...(statement?.words ?? [])]).toEqual(words);
      }),
      runs,
    );
  });
});

const context: ReadContext = {
  directive: 'd',
  at: { file: 'x', line: 1 },
  prefix: '/p/',
  confPrefix: '/c/',
  sources: new SourceFiles(),
  warn: () => undefined,
  error: (message) => new ConfigError(message),
};

const all: Readonly<Record<string, Codec<unknown>>> = {
  bytes: codecs.bytes,
  offset: codecs.offset,
  duration: codecs.duration,
  seconds: codecs.seconds,
  integer: codecs.integer,
  onOff: codecs.onOff,
  word: codecs.word,
  text: codecs.text,
  path: codecs.path('conf'),
  pair: codecs.pair,
  words: codecs.words,
  flags: codecs.flags('plain', 'login', 'none'),
  oneOf: codecs.oneOf('off', 'on', 'only'),
  list: codecs.listOf(codecs.pair),
  repeatable: codecs.repeatable(codecs.bytes),
  cpuAffinity,
  priority,
  workerProcesses,
  connectionCount,
  eventMethod,
};

const plausibleWord = fc.oneof(
  fc.constantFrom(
    'auto',
    '01',
    'epoll',
    '-1',
    'on',
    'OFF',
    'only',
    'plain',
    'LOGIN',
    'none',
    '',
    'a\nb',
    '\0',
  ),
  fc
    .array(
      fc.constantFrom('0', '1', '9', '99', 'k', 'M', 'g', 'y', 'w', 'd', 'h', 'm', 's', 'ms', ' '),
      {
        maxLength: 6,
      },
    )
    .map((parts) => parts.join('')),
  fc.bigInt({ min: 0n, max: 2n ** 65n }).map(String),
  fc.string({ maxLength: 6 }),
);

describe('a codec', () => {
  it.each(Object.entries(all))('%s: what the schema accepts, parse returns', (_name, codec) => {
    fc.assert(
      fc.property(fc.array(plausibleWord, { maxLength: 3 }), (words) => {
        if (checkWords(codec.schema, words) !== undefined) return;
        expect(() => codec.parse(words, context)).not.toThrow();
      }),
      runs,
    );
  });

  it.each(Object.entries(all))(
    '%s: what the schema refuses, parse does not return',
    (_name, codec) => {
      fc.assert(
        fc.property(fc.array(plausibleWord, { maxLength: 3 }), (words) => {
          if (checkWords(codec.schema, words) !== 'form') return;
          expect(() => codec.parse(words, context)).toThrow(ConfigError);
        }),
        runs,
      );
    },
  );
});

describe('quantities', () => {
  it('are integers from 0 to the largest safe one', () => {
    fc.assert(
      fc.property(plausibleWord, (word) => {
        for (const value of [readBytes(word), readDuration(word), readSeconds(word)]) {
          if (value !== undefined) expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
        }
      }),
      runs,
    );
  });

  it('of time add up their parts', () => {
    const part = fc.nat(10_000);
    fc.assert(
      fc.property(part, part, part, part, (h, m, s, ms) => {
        const text = `${String(h)}h ${String(m)}m${String(s)}s  ${String(ms)}ms`;
        expect(readDuration(text)).toBe(((h * 60 + m) * 60 + s) * 1000 + ms);
      }),
      runs,
    );
  });
});

describe('inheritance', () => {
  const sample = defineModule({
    name: 'sample',
    api: 1,
    directives: {
      a: slot('a', codecs.listOf(codecs.text), {
        levels: ['main', 'mail', 'server'],
        default: ['default'],
        about: 'x',
      }),
      b: slot('b', codecs.integer, { default: 0, about: 'x' }),
    },
  });
  const at = { file: 'x', line: 1 };
  const values = fc.record(
    { a: fc.array(fc.string(), { maxLength: 3 }), b: fc.nat() },
    { requiredKeys: [] },
  );

  function fill(scope: OpenScope, set: Readonly<Record<string, unknown>>): OpenScope {
    for (const [name, value] of Object.entries(set)) scope.set(sample, name, { value, at });
    return scope;
  }

  it('takes the innermost value, and merging what was merged changes nothing', () => {
    fc.assert(
      fc.property(values, values, values, (inMain, inMail, inServer) => {
        const { b: _notInMain, ...main } = inMain;
        const root = fill(new OpenScope('main', '', at), main);
        const mail = fill(new OpenScope('mail', 'mail', at, root), inMail);
        const conf = serverConf(
          fill(new OpenScope('server', 'server', at, mail), inServer),
          sample,
        );
        expect(conf).toEqual({ a: ['default'], b: 0, ...main, ...inMail, ...inServer });
        const again = new OpenScope('server', 'server', at, mail);
        expect(serverConf(fill(again, { ...conf }), sample)).toEqual(conf);
        expect(mainConf(root, sample)).toEqual({ a: main.a ?? ['default'] });
      }),
      runs,
    );
  });
});
