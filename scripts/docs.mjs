/**
 * `npm run docs`: writes what the directive declarations say by themselves: docs/reference, and the tables between
 * markers in the README of each package. `--check` writes nothing and fails where a file is not what it would write.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { root } from './run.mjs';
import { setUp } from './setup.mjs';
import { importSources } from './sources.mjs';

const fromDist = (path) => import(pathToFileURL(join(root, 'packages', path)).href);

/** The packages that bring modules, core first: `{ folder, name, modules }`. */
async function packagesWithModules(builtInModules) {
  const found = [{ folder: 'packages/core', name: '@postern/core', modules: builtInModules }];
  for (const folder of readdirSync(join(root, 'packages'))) {
    const manifest = JSON.parse(
      readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'),
    );
    if (manifest.postern?.module === undefined) continue;
    const { module, export: key } = manifest.postern;
    const modules = [(await fromDist(join(folder, module)))[key]];
    found.push({ folder: `packages/${folder}`, name: manifest.name, modules });
  }
  return found;
}

function referencePage(packages, describeModule) {
  const sections = packages.flatMap(({ name, modules }) =>
    modules.map((module) => `## ${module.name}\n\nIn \`${name}\`.\n\n${describeModule(module)}`),
  );
  const head = [
    '# Directives',
    '',
    'Generated from the declarations of the directives by `npm run docs`; edit those. A directive means what it means',
    'in nginx; [compatibility](../compatibility.md) lists where it does not. `—` stands for no default.',
    '',
  ];
  return `${[...head, ...sections].join('\n').trimEnd()}\n`;
}

const cell = (text) => text.replace(/[\\|]/g, '\\$&').replaceAll('\n', ' ');

function directiveTable(modules) {
  const rows = modules.flatMap((module) =>
    Object.entries(module.directives).map(([name, { levels, about }]) => {
      const link = `[\`${name}\`](../../docs/reference/directives.md#${name})`;
      return `| ${link} | ${levels.join(', ')} | ${cell(about)} |`;
    }),
  );
  // prettier would pad every cell to the longest one.
  const [off, on] = ['<!-- prettier-ignore-start -->', '<!-- prettier-ignore-end -->'];
  const head = ['| Directive | Context | Meaning |', '| --- | --- | --- |'];
  return [off, '', ...head, ...rows, '', on].join('\n');
}

const [open, close] = ['<!-- directives -->', '<!-- /directives -->'];

function withTable(readme, table) {
  const [start, end] = [readme.indexOf(open), readme.indexOf(close)];
  if (start === -1 || end < start) return readme;
  return `${readme.slice(0, start + open.length)}\n\n${table}\n\n${readme.slice(end)}`;
}

/** All generated files: path from the top folder to text. */
async function generate() {
  const { builtInModules, configurationSchema, describeModule } = await importSources(`
    export { configurationSchema, describeModule } from './packages/core/src/config/describe.ts';
    export { builtInModules } from './packages/core/src/process/built-in-modules.ts';`);
  const packages = await packagesWithModules(builtInModules);
  const schema = configurationSchema(packages.flatMap(({ modules }) => modules));
  const readmes = packages.map(({ folder, modules }) => {
    const path = `${folder}/README.md`;
    return [path, withTable(readFileSync(join(root, path), 'utf8'), directiveTable(modules))];
  });
  return new Map([
    ['docs/reference/directives.md', referencePage(packages, describeModule)],
    ['docs/reference/configuration.schema.json', `${JSON.stringify(schema, null, 2)}\n`],
    ...readmes,
  ]);
}

function isStale(path, text) {
  const file = join(root, path);
  return !existsSync(file) || readFileSync(file, 'utf8') !== text;
}

function write(path, text) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
await setUp();
const stale = [...(await generate())].filter(([path, text]) => isStale(path, text));
for (const [path, text] of stale) {
  if (values.check) process.stdout.write(`${path} is stale: run \`npm run docs\`\n`);
  else write(path, text);
}
if (values.check && stale.length > 0) process.exitCode = 1;
