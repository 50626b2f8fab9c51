/**
 * What `package.json` files say about modules. A host (the package somebody runs postern from) may list its modules:
 * `"postern": { "modules": ["@postern/mail-imap"] }`. A module package declares itself:
 * `"postern": { "api": 1, "module": "./dist/index.js", "export": "imap" }`.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { badManifest } from './errors.js';

/** How a package says that it is a module. */
export interface ModuleEntry {
  /** The version of the module interface it was made for. */
  readonly api: number;
  /** The file to import, relative to the package. */
  readonly module: string;
  /** The name of the export that is the module. */
  readonly export: string;
}

/** The parts of a `package.json` that matter here. */
export interface Manifest {
  /** The package's directory. */
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  /** Names of direct dependencies, optional ones included, in the order of their bytes. */
  readonly dependencies: readonly string[];
  /** The modules a host lists. */
  readonly modules: readonly string[] | undefined;
  readonly entry: ModuleEntry | undefined;
}

type Json = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** The manifest in `directory`; `undefined` if there is none. Throws a ConfigError for one that cannot be read. */
export async function readManifest(directory: string): Promise<Manifest | undefined> {
  const path = join(directory, 'package.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const json = parse(text, path);
  const own = json['postern'];
  if (own !== undefined && !isRecord(own)) throw badManifest(path, '"postern" is not an object');
  const names = [...keysOf(json['dependencies']), ...keysOf(json['optionalDependencies'])];
  return {
    directory,
    name: typeof json['name'] === 'string' ? json['name'] : basename(directory),
    version: typeof json['version'] === 'string' ? json['version'] : '0.0.0',
    dependencies: [...new Set(names)].sort(),
    modules: own === undefined ? undefined : readModules(own, path),
    entry: own === undefined ? undefined : readEntry(own, path),
  };
}

function parse(text: string, path: string): Json {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw badManifest(path, 'not JSON');
  }
  if (!isRecord(json)) throw badManifest(path, 'not an object');
  return json;
}

function keysOf(value: unknown): readonly string[] {
  return isRecord(value) ? Object.keys(value) : [];
}

function readModules(own: Json, path: string): readonly string[] | undefined {
  const modules = own['modules'];
  if (modules === undefined) return undefined;
  if (!isStringList(modules)) throw badManifest(path, '"modules" is not a list of names');
  return modules;
}

function readEntry(own: Json, path: string): ModuleEntry | undefined {
  const { api, module, export: name } = own;
  if (api === undefined && module === undefined && name === undefined) return undefined;
  if (typeof api !== 'number') throw badManifest(path, '"api" is not a number');
  if (typeof module !== 'string') throw badManifest(path, '"module" is not a file name');
  if (typeof name !== 'string') throw badManifest(path, '"export" is not a name');
  return { api, module, export: name };
}

function isInsideNodeModules(directory: string): boolean {
  return directory.split('/').includes('node_modules');
}

/**
 * The host: the nearest `package.json` at or above `start` that is not inside a `node_modules`. `undefined` if there is
 * none, for instance with a global installation.
 */
export async function findHost(start: string): Promise<Manifest | undefined> {
  for (const directory of upwards(start)) {
    if (isInsideNodeModules(directory)) continue;
    const manifest = await readManifest(directory);
    if (manifest !== undefined) return manifest;
  }
  return undefined;
}

/** `start` and the directories above it, innermost first. */
function upwards(start: string): readonly string[] {
  const found = [start];
  for (let directory = start; dirname(directory) !== directory;) {
    directory = dirname(directory);
    found.push(directory);
  }
  return found;
}

/** The directory of package `name` as seen from `from`, by Node's rule; `undefined` if it is not installed. */
export async function findPackage(name: string, from: string): Promise<string | undefined> {
  for (const directory of upwards(from)) {
    if (basename(directory) === 'node_modules') continue;
    const candidate = join(directory, 'node_modules', name);
    const isThere = await stat(join(candidate, 'package.json')).then(
      () => true,
      () => false,
    );
    if (isThere) return candidate;
  }
  return undefined;
}
