/**
 * What would be published: each package is packed, and the tarball is held against publint, against "are the types
 * wrong", and against the list of files that it must have, no more and no less. The list of declarations follows from
 * `src`, so one left over in `dist` from a source that is gone is found too; JavaScript is written anew by each build.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm, root, tool } from '../run.mjs';

const everyPackage = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];

/** Files below `folder/sub`, as paths from `folder`. */
function filesBelow(folder, sub) {
  if (!existsSync(join(folder, sub))) return [];
  return readdirSync(join(folder, sub), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function declared(source) {
  const stem = source.replace(/^src/, 'dist').replace(/\.ts$/, '');
  return ['.d.ts', '.d.ts.map'].map((suffix) => stem + suffix);
}

const isScript = (file) => /\.js(\.map)?$/.test(file);

/** The files that the tarball of the package in `folder` must have. */
function expectedFiles(folder) {
  const sources = filesBelow(folder, 'src');
  const scripts = filesBelow(folder, 'dist').filter(isScript);
  const compiled = [...sources.flatMap(declared), ...scripts];
  return [...everyPackage, ...filesBelow(folder, 'bin'), ...sources, ...compiled];
}

const origin = (file) =>
  file.startsWith('dist/') ? ' (its source is gone: remove dist and build again)' : '';

function compareFiles(folder, packed) {
  const expected = new Set(expectedFiles(folder));
  const missing = [...expected].filter((file) => !packed.has(file));
  const extra = [...packed].filter((file) => !expected.has(file));
  return [
    ...missing.map((file) => `missing in the tarball: ${file}`),
    ...extra.map((file) => `not expected in the tarball: ${file}${origin(file)}`),
  ];
}

async function checkPackage(name, destination) {
  const folder = join(root, 'packages', name);
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const { code, stdout, output } = await npm(pack, { cwd: folder });
  if (code !== 0) return [output];
  const [{ filename, files }] = JSON.parse(stdout);
  const tarball = join(destination, filename);
  const problems = compareFiles(folder, new Set(files.map((file) => file.path)));
  const publint = await tool('publint', 'publint', ['run', tarball, '--strict']);
  if (publint.code !== 0) problems.push(publint.output);
  const attwArgs = [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--no-emoji'];
  const attw = await tool('@arethetypeswrong/cli', 'attw', attwArgs);
  if (attw.code !== 0) problems.push(attw.output);
  return problems.map((problem) => `packages/${name}: ${problem}`);
}

/** @returns {Promise<readonly string[]>} What is wrong. */
export async function packaging() {
  const destination = mkdtempSync(join(tmpdir(), 'postern-pack-'));
  try {
    const problems = [];
    for (const name of readdirSync(join(root, 'packages'))) {
      problems.push(...(await checkPackage(name, destination)));
    }
    return problems;
  } finally {
    rmSync(destination, { recursive: true });
  }
}
