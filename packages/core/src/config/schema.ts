/**
 * The one Ajv instance and the keywords of our schemas: `bytes`, `offset`, `duration`, `seconds`, `integer` (each
 * `true`) and `anyCase` (a list of words compared without regard to ASCII case).
 *
 * A schema is compiled when a directive that uses it is first read, and once: most configurations use a dozen of a
 * hundred directives, and compiling is what takes time.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { asciiLower } from './codec.js';
import type { WordsSchema } from './directive.js';
import { schemaBroken } from './errors.js';
import { readBytes, readDuration, readInteger, readOffset, readSeconds } from './quantity.js';

const quantities = {
  bytes: readBytes,
  offset: readOffset,
  duration: readDuration,
  seconds: readSeconds,
  integer: readInteger,
} as const;

function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    strict: true,
    // Whether a tuple is open or closed, and the type a nested rule is for, is clear from the outer schema.
    strictTuples: false,
    strictTypes: false,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
  });
  for (const [keyword, read] of Object.entries(quantities)) {
    ajv.addKeyword({
      keyword,
      type: 'string',
      schemaType: 'boolean',
      errors: false,
      validate: (expected: boolean, data: string) => !expected || read(data) !== undefined,
    });
  }
  ajv.addKeyword({
    keyword: 'anyCase',
    type: 'string',
    schemaType: 'array',
    errors: false,
    compile: (names: readonly string[]) => {
      const known = new Set(names.map(asciiLower));
      return (data: string) => known.has(asciiLower(data));
    },
  });
  return ajv;
}

let ajv: Ajv2020 | undefined;
const compiled = new WeakMap<WordsSchema, ValidateFunction>();

function validator(schema: WordsSchema): ValidateFunction {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  ajv ??= createAjv();
  try {
    const validate = ajv.compile(schema);
    compiled.set(schema, validate);
    return validate;
  } catch (error) {
    throw schemaBroken(error);
  }
}

/** What is wrong with the words of a directive: their number, or the form of one of them. */
export type WordsFault = 'count' | 'form';

/** Checks words against a schema; `undefined` means that they are right. */
export type WordsCheck = (schema: WordsSchema, words: readonly string[]) => WordsFault | undefined;

/** {@link WordsCheck} by Ajv. The number of words is judged first. */
export const checkWords: WordsCheck = (schema, words) => {
  const validate = validator(schema);
  if (validate(words)) return undefined;
  const isCount = validate.errors?.some(
    (error) =>
      error.instancePath === '' && (error.keyword === 'minItems' || error.keyword === 'maxItems'),
  );
  return isCount === true ? 'count' : 'form';
};
