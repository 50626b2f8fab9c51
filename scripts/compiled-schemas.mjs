/**
 * The directives of all our packages, their schemas compiled: JavaScript as `compileSchemas` of core's
 * `config/standalone.ts` gives it. It is run from the sources, so that a build needs no earlier one.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './run.mjs';

const entry = `
export { compileSchemas } from './packages/core/src/config/standalone.ts';
export { builtInModules } from './packages/core/src/process/built-in-modules.ts';
export { standardModules } from './packages/postern/src/index.ts';
`;

/** Writes the program beside core's dependencies, where Node finds them, and runs it. Rejects where it is not sound. */
export async function compiledSchemas() {
  const outfile = join(root, `packages/core/dist/compile-${process.pid}.mjs`);
  try {
    await build({
      stdin: { contents: entry, resolveDir: root },
      outfile,
      bundle: true,
      conditions: ['@postern/source'],
      external: ['ajv', 'pino', 'sockopt', 'tapable'],
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
    });
    const { builtInModules, compileSchemas, standardModules } = await import(
      pathToFileURL(outfile)
    );
    return compileSchemas([...builtInModules, ...standardModules]);
  } finally {
    rmSync(outfile, { force: true });
  }
}
