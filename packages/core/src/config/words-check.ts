/**
 * The check of a directive's words: by what was compiled when the package was built, and by Ajv, which is loaded then, for
 * any other schema. A schema is the one that was compiled if it says the same, whoever has made it.
 */
import { isDeepStrictEqual } from 'node:util';
import { type CompiledSchema, compiledSchemas } from './compiled-schemas.js';
import type { WordsSchema } from './directive.js';
import type { checkWords } from './schema.js';
import { faultOf, type Validator, type WordsFault } from './words-fault.js';

/** Checks words against a schema; `undefined` means that they are right. A promise only where Ajv has to be loaded. */
export type WordsCheck = (
  schema: WordsSchema,
  words: readonly string[],
) => WordsFault | undefined | Promise<WordsFault | undefined>;

/** A {@link WordsCheck} that needs Ajv for what is not among `compiled`. */
export function createWordsCheck(
  compiled: readonly CompiledSchema[] = compiledSchemas,
): WordsCheck {
  const found = new WeakMap<WordsSchema, Validator | undefined>();
  /** Compares once: a file with a thousand servers has a thousand directives of one schema. */
  const find = (schema: WordsSchema): Validator | undefined => {
    if (!found.has(schema)) {
      found.set(schema, compiled.find((one) => isDeepStrictEqual(one.schema, schema))?.validate);
    }
    return found.get(schema);
  };
  let byAjv: typeof checkWords | undefined;
  return (schema, words) => {
    const validate = find(schema);
    if (validate !== undefined) return faultOf(validate, words);
    if (byAjv !== undefined) return byAjv(schema, words);
    return import('./schema.js').then((ajv) => {
      byAjv = ajv.checkWords;
      return byAjv(schema, words);
    });
  };
}
