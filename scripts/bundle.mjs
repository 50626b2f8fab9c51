/**
 * Writes the JavaScript in `dist` of a package: its entries, and what they share, each in one file. A process that loads
 * two hundred small files takes twice as long until it serves. Names stay as they are, so that a stack trace can be
 * read; source maps lead to `src`. The declarations beside are tsc's. Arguments: folders of packages; without them all.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { root } from './run.mjs';
import { importSources } from './sources.mjs';

const sourceCondition = '@postern/source';

function entriesOf({ exports }) {
  const exported = Object.values(exports).map((target) => target[sourceCondition]);
  return exported.filter((path) => path !== undefined);
}

/** Core's `config/compiled-schemas.ts` with the schemas of all our packages. */
async function compiledSchemas() {
  const { builtInModules, compileSchemas, standardModules } = await importSources(`
    export { compileSchemas } from './packages/core/src/config/standalone.ts';
    export { builtInModules } from './packages/core/src/process/built-in-modules.ts';
    export { standardModules } from './packages/postern/src/index.ts';`);
  return `import { anyCase, quantities } from './keywords.js';
    const create = ${compileSchemas([...builtInModules, ...standardModules])};
    export const compiledSchemas = create({ anyCase, quantities });`;
}

/** Puts it in the place of the one in the sources, which is empty. */
const withCompiledSchemas = {
  name: 'compiled-schemas',
  setup({ onLoad }) {
    onLoad({ filter: /[/]core[/]src[/]config[/]compiled-schemas[.]ts$/ }, async () => ({
      contents: await compiledSchemas(),
    }));
  },
};

/** Parts are named by what is in them; those of an earlier build would stay for ever. */
function removeScripts(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder, { recursive: true })) {
    if (/\.js(\.map)?$/.test(name)) rmSync(join(folder, name));
  }
}

/** Bundles the package in `folder`. Rejects where its sources cannot be read. */
async function bundle(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  removeScripts(join(folder, 'dist'));
  await build({
    absWorkingDir: folder,
    entryPoints: entriesOf(manifest),
    outbase: 'src',
    outdir: 'dist',
    chunkNames: 'parts/[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    plugins: [withCompiledSchemas],
    platform: 'node',
    target: 'node20.19',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'error',
  });
}

const allPackages = ['packages', 'examples'].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => join(root, group, name)),
);
const [, , ...wanted] = process.argv;
const folders = wanted.length > 0 ? wanted.map((folder) => resolve(folder)) : allPackages;
await Promise.all(folders.map((folder) => bundle(folder)));
