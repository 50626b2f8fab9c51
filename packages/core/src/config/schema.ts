/**
 * Ajv with the keywords of our schemas: `bytes`, `offset`, `duration`, `seconds`, `integer` (each `true`) and `anyCase` (a
 * list of words compared without regard to ASCII case).
 *
 * A schema is compiled when a directive that uses it is first read, and once: most configurations use a dozen of a
 * hundred directives, and compiling is what takes time.
 */
import { _, Ajv2020, type CodeOptions, type KeywordCxt, stringify } from 'ajv/dist/2020.js';
import type { WordsSchema } from './directive.js';
import { schemaBroken } from './errors.js';
import { anyCase, quantities } from './keywords.js';
import { faultOf, type Validator, type WordsFault } from './words-fault.js';

/** Each keyword has a value for what is compiled now, and the code that finds it in keywords.ts for what is compiled ahead. */
function addQuantity(ajv: Ajv2020, keyword: string, read: (word: string) => unknown): void {
  ajv.addKeyword({
    keyword,
    type: 'string',
    schemaType: 'boolean',
    code: (context: KeywordCxt) => {
      if (context.schema === false) return;
      const code = _`keywords.quantities[${keyword}]`;
      const reader = context.gen.scopeValue('keyword', { ref: read, code });
      context.fail(_`${reader}(${context.data}) === undefined`);
    },
  });
}

function addAnyCase(ajv: Ajv2020): void {
  ajv.addKeyword({
    keyword: 'anyCase',
    type: 'string',
    schemaType: 'array',
    code: (context: KeywordCxt) => {
      const names: unknown = context.schema;
      const ref = anyCase(Array.isArray(names) ? names.map(String) : []);
      const code = _`keywords.anyCase(${stringify(names)})`;
      const isKnown = context.gen.scopeValue('keyword', { ref, code });
      context.fail(_`!${isKnown}(${context.data})`);
    },
  });
}

/** Ajv, which writes the code it compiles as `code` says. */
export function createAjv(code: CodeOptions = {}): Ajv2020 {
  const ajv = new Ajv2020({
    strict: true,
    // Whether a tuple is open or closed, and the type a nested rule is for, is clear from the outer schema.
    strictTuples: false,
    strictTypes: false,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    // The sentences are nginx's.
    messages: false,
    code,
  });
  for (const [keyword, read] of Object.entries(quantities)) addQuantity(ajv, keyword, read);
  addAnyCase(ajv);
  return ajv;
}

let ajv: Ajv2020 | undefined;
const compiled = new WeakMap<WordsSchema, Validator>();

function validator(schema: WordsSchema): Validator {
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

/** Checks words against a schema that is compiled now; `undefined` means that they are right. */
export function checkWords(schema: WordsSchema, words: readonly string[]): WordsFault | undefined {
  return faultOf(validator(schema), words);
}
