/**
 * Set-up of a clone: dependencies as the lock file names them, and `dist` of every package. Does nothing where
 * there is nothing to do, so every command may call it. Uses nothing but Node and its npm.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { progress } from './progress.mjs';
import { npm, root, run } from './run.mjs';

const oldest = [20, 19];

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  throw new SetupFailed(
    `postern needs Node ${oldest.join('.')} or newer; this is ${process.version}.`,
  );
}

/** A sentence, and the output of the program that failed. */
export class SetupFailed extends Error {
  constructor(message, output = '') {
    super(message);
    this.output = output;
  }
}

const packagesOf = (lockFile) => JSON.parse(readFileSync(lockFile, 'utf8')).packages;

/**
 * Whether node_modules holds what package-lock.json asks for. npm leaves its own list of what it installed in
 * node_modules; optional packages of other platforms are missing there by right.
 */
export function isInstalled() {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const present = packagesOf(installed);
  return Object.entries(packagesOf(join(root, 'package-lock.json')))
    .filter(([path, wanted]) => path.includes('node_modules/') && !wanted.optional)
    .every(([path, wanted]) => {
      const found = present[path];
      if (wanted.link) return found?.resolved === wanted.resolved;
      return found !== undefined && found.version === wanted.version;
    });
}

/** Installs the dependencies where they are missing or stale. */
export async function install() {
  requireNode();
  if (isInstalled()) return;
  const { code, output } = await progress('Installing dependencies', () =>
    npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund']),
  );
  if (code !== 0) throw new SetupFailed('Installing the dependencies failed.', output);
}

/** Checks types and writes declarations of what has changed since the last time, then the JavaScript. */
async function compile() {
  const types = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b']);
  return types.code === 0 ? run(process.execPath, [join(root, 'scripts/bundle.mjs')]) : types;
}

/** Compiles all packages. */
export async function build() {
  const { code, output } = await progress('Building', compile);
  if (code !== 0) throw new SetupFailed('The build failed.', output);
}

/** Does what is asked for; on failure says why and ends the process. */
export async function setUp(steps = [install, build]) {
  try {
    for (const step of steps) await step();
  } catch (error) {
    if (!(error instanceof SetupFailed)) throw error;
    process.stderr.write(`${error.output}${error.message}\n`);
    process.exit(1);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await setUp();
