/**
 * The schemas that were compiled when the package was built, so that a start need not load Ajv. Here there are none:
 * `scripts/bundle.mjs` puts those of all our packages in the place of this file (`standalone.ts`).
 */
import type { WordsSchema } from './directive.js';
import type { Validator } from './words-fault.js';

/** A schema with what came of it. */
export interface CompiledSchema {
  readonly schema: WordsSchema;
  readonly validate: Validator;
}

/** All there are. */
export const compiledSchemas: readonly CompiledSchema[] = [];
