/** Runs the sources of packages, so that what a build or a page is made from needs no build. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './run.mjs';

/** What `entry`, a module at the top of the repository, exports. */
export async function importSources(entry) {
  // There Node finds what core depends on.
  const outfile = join(root, `packages/core/dist/sources-${process.pid}.mjs`);
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
    return await import(pathToFileURL(outfile));
  } finally {
    rmSync(outfile, { force: true });
  }
}
