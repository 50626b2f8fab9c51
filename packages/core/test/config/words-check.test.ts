/**
 * A schema means the same whether it was compiled ahead or is compiled now: for each directive of our packages, by what an
 * operator sees of it.
 */
import { runInThisContext } from 'node:vm';
import fc from 'fast-check';
import { standardModules } from 'postern';
import { describe, expect, it } from 'vitest';
import type { CompiledSchema } from '../../src/config/compiled-schemas.js';
import type { AnySlot, Directive, WordsSchema } from '../../src/config/directive.js';
import { DirectiveReader } from '../../src/config/directive-reader.js';
import * as keywords from '../../src/config/keywords.js';
import { checkWords } from '../../src/config/schema.js';
import { OpenScope } from '../../src/config/scope.js';
import { SourceFiles } from '../../src/config/source-files.js';
import { compileSchemas } from '../../src/config/standalone.js';
import { createWordsCheck, type WordsCheck } from '../../src/config/words-check.js';
import { ConfigError } from '../../src/errors.js';
import type { AnyModule } from '../../src/module/module.js';
import { builtInModules } from '../../src/process/built-in-modules.js';

const modules: readonly AnyModule[] = [...builtInModules, ...standardModules];

interface Named {
  readonly name: string;
  readonly slot: AnySlot;
  readonly module: AnyModule;
}

const all: readonly Named[] = modules.flatMap((module) =>
  Object.entries(module.directives as Readonly<Record<string, Directive>>).flatMap(
    ([name, slot]) => (slot.kind === 'slot' ? [{ name, slot, module }] : []),
  ),
);

/** As the build does it. */
function compileAhead(ofModules: readonly AnyModule[]): readonly CompiledSchema[] {
  const create = runInThisContext(`(${compileSchemas(ofModules)})`) as (
    given: typeof keywords,
  ) => readonly CompiledSchema[];
  return create(keywords);
}

const ahead = compileAhead(modules);
const checkAhead = createWordsCheck(ahead);

const at = { file: 'nginx.conf', line: 7 };

/** What comes of a directive: the fault of its words with all that an error tells, or nothing. */
function outcome(check: WordsCheck, { name, slot, module }: Named, words: readonly string[]) {
  const fault = check(slot.codec.schema, words);
  // What is right goes on to the codec, which asks the system.
  if (fault === undefined || fault instanceof Promise) return fault;
  const reader = new DirectiveReader({
    prefix: '/p/',
    confPrefix: '/c/',
    warn: () => undefined,
    sources: new SourceFiles(),
    check,
  });
  try {
    const scope = new OpenScope('main', '', at);
    return reader.read({ name, words, at, terminator: ';' }, slot, module, scope);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { code, message, file, line, directive, help } = error;
    return { fault, code, message, file, line, directive, help };
  }
}

/** Words that some directive takes, and near misses. */
const known =
  'on OFF Optional_No_CA v2 starttls only auto literal epoll EPOLL stop quit refuse TLSv1.3 sslv3 plain CRAM-MD5 ' +
  '+05 -1 0101 2 30s 1y 4k 4g ö o\u212a';
const knownWords = [...known.split(' '), '', '01 10', '1d 2h', 'a\nb', 'a\r', '\0'];

const word = fc.oneof(
  fc.constantFrom(...knownWords),
  fc
    .array(fc.constantFrom('0', '9', '99', 'k', 'M', 'g', 'y', 'd', 'm', 's', 'ms', ' '), {
      maxLength: 5,
    })
    .map((parts) => parts.join('')),
  fc.bigInt({ min: 0n, max: 2n ** 65n }).map(String),
  fc.string({ maxLength: 5 }),
);

const examples: [string[]][] = [
  [[]],
  [['0', '0']],
  ...knownWords.map((one): [string[]] => [[one]]),
];

describe('a schema that was compiled ahead', () => {
  it.each(all)('of $name judges words as it would if it was compiled now', (one) => {
    const seen = new Set<unknown>();
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), (words) => {
        const found = outcome(checkAhead, one, words);
        expect(found).toEqual(outcome(checkWords, one, words));
        expect(found).not.toBeInstanceOf(Promise);
        seen.add(found === undefined);
      }),
      { numRuns: 500, examples },
    );
    // Good words and bad ones were among them.
    expect([...seen].sort()).toEqual([false, true]);
  });

  const onOff: WordsSchema = {
    type: 'array',
    minItems: 1,
    maxItems: 1,
    items: { type: 'string', anyCase: ['on', 'off'] },
  };

  it('is found by what it says, whoever has made it', () => {
    expect(createWordsCheck(ahead)(structuredClone(onOff), ['on'])).toBe(undefined);
    expect(createWordsCheck(ahead)(structuredClone(onOff), ['auto'])).toBe('form');
  });

  const items = { type: 'string', anyCase: ['on', 'off'] };
  it.each<{ name: string; schema: WordsSchema; words: readonly string[]; fault?: string }>([
    {
      name: 'one more name',
      schema: { ...onOff, items: { ...items, anyCase: ['on', 'off', 'auto'] } },
      words: ['auto'],
    },
    {
      name: 'one name less',
      schema: { ...onOff, items: { ...items, anyCase: ['on'] } },
      words: ['off'],
      fault: 'form',
    },
    { name: 'another number of words', schema: { ...onOff, maxItems: 2 }, words: ['on', 'off'] },
    {
      name: 'one more rule',
      schema: { ...onOff, items: { ...items, pattern: '^o' } },
      words: ['ON'],
      fault: 'form',
    },
    {
      name: 'a rule turned off',
      schema: { type: 'array', minItems: 1, maxItems: 1, items: { type: 'string', bytes: false } },
      words: ['x'],
    },
  ])('is not taken for one with $name', async ({ schema, words, fault }) => {
    const check = createWordsCheck(ahead);
    const first = check(schema, words);
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toBe(fault);
    // Ajv is there now: nobody has to wait.
    expect(check(schema, words)).toBe(fault);
  });

  it('is not there in the sources, where Ajv does it all', async () => {
    const check = createWordsCheck();
    expect(await check(onOff, ['auto'])).toBe('form');
  });
});
