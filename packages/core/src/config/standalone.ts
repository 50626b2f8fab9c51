/** What the build needs to compile schemas ahead; no part of the program. */
import { isDeepStrictEqual } from 'node:util';
import standalone from 'ajv/dist/standalone/index.js';
import type { AnyModule } from '../module/module.js';
import type { Directive, WordsSchema } from './directive.js';
import { createAjv } from './schema.js';

function schemasOf(module: AnyModule): readonly WordsSchema[] {
  const directives = Object.values(module.directives as Readonly<Record<string, Directive>>);
  return directives.flatMap((one) => (one.kind === 'slot' ? [one.codec.schema] : []));
}

function isFirst(schema: WordsSchema, index: number, all: readonly WordsSchema[]): boolean {
  return all.findIndex((one) => isDeepStrictEqual(one, schema)) === index;
}

/**
 * JavaScript of a function that is given the exports of `keywords.ts`, and gives a `CompiledSchema` for each schema of the
 * directives of `modules`.
 */
export function compileSchemas(modules: readonly AnyModule[]): string {
  const schemas = modules.flatMap(schemasOf).filter(isFirst);
  const ajv = createAjv({ source: true });
  const names = schemas.map((schema, index) => {
    const name = `schema${String(index)}`;
    ajv.addSchema(schema, name);
    return name;
  });
  const code = standalone.default(ajv, Object.fromEntries(names.map((name) => [name, name])));
  const entries = schemas.map(
    (schema, index) =>
      `{ schema: ${JSON.stringify(schema)}, validate: exports.${names[index] ?? ''} }`,
  );
  return `(keywords) => { const exports = {}; ${code}\nreturn [${entries.join(',\n')}]; }`;
}
