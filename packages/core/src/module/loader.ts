/**
 * Finds modules: those of the host package, and those that `load_module` names. Manifests are read of direct
 * dependencies only; nothing is searched for, nothing is taken for a module because of its name.
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { otherApi } from '../config/errors.js';
import {
  binaryModule,
  noBinaryModule,
  importFailed,
  missingExport,
  noSingleModule,
  notAModulePackage,
  packageNotFound,
} from './errors.js';
import { findHost, findPackage, type Manifest, readManifest } from './manifest.js';
import { type AnyModule, moduleApi, type ModuleOrigin } from './module.js';

/** A module with the package it came from. */
export interface FoundModule {
  readonly module: AnyModule;
  readonly origin: ModuleOrigin;
}

/**
 * The modules of the host: those its manifest lists, else its direct dependencies that declare themselves, in the order
 * of their names. The host is looked for from `startDir` upwards; without one there are no modules. Rejects with a
 * ConfigError.
 */
export async function loadHostModules(startDir: string): Promise<readonly FoundModule[]> {
  const host = await findHost(resolve(startDir));
  if (host === undefined) return [];
  const found: FoundModule[] = [];
  // One after another: the order counts, and so does which of two errors is told.
  for (const manifest of await moduleManifests(host)) found.push(await loadPackage(manifest));
  return found;
}

async function moduleManifests(host: Manifest): Promise<readonly Manifest[]> {
  if (host.modules !== undefined) return listedModules(host);
  const manifests = await Promise.all(
    host.dependencies.map(async (name) => {
      const directory = await findPackage(name, host.directory);
      return directory === undefined ? undefined : readManifest(directory);
    }),
  );
  const there = manifests.filter((one): one is Manifest => one !== undefined);
  const bundled = await Promise.all(there.map(listedModules));
  const all = [...there.filter(({ entry }) => entry !== undefined), ...bundled.flat()];
  return [...new Map(all.map((one) => [one.name, one])).values()];
}

/** The modules that a host lists, or a package that is nothing but a collection of modules, such as `postern`. */
function listedModules(host: Manifest): Promise<readonly Manifest[]> {
  return Promise.all((host.modules ?? []).map((name) => requirePackage(name, host)));
}

async function requirePackage(name: string, host: Manifest | undefined): Promise<Manifest> {
  const directory = host === undefined ? undefined : await findPackage(name, host.directory);
  const manifest = directory === undefined ? undefined : await readManifest(directory);
  if (manifest === undefined) throw packageNotFound(name, host?.directory);
  return manifest;
}

async function loadPackage(manifest: Manifest): Promise<FoundModule> {
  const { entry, name, version, directory } = manifest;
  if (entry === undefined) throw notAModulePackage(name);
  // Before the import: code made for another interface may fail in ways that say nothing.
  if (entry.api !== moduleApi) throw otherApi(name, entry.api, moduleApi);
  const path = join(directory, entry.module);
  const exported = (await importFile(path))[entry.export];
  if (!isModule(exported)) throw missingExport(path, entry.export);
  return { module: exported, origin: { package: name, version } };
}

async function importFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw importFailed(path, error);
  }
}

/** Whether `value` has the shape that `defineModule` gives. */
function isModule(value: unknown): value is AnyModule {
  if (typeof value !== 'object' || value === null) return false;
  const { name, api, requires, before, directives } = value as Readonly<Record<string, unknown>>;
  return (
    typeof name === 'string' &&
    typeof api === 'number' &&
    Array.isArray(requires) &&
    Array.isArray(before) &&
    typeof directives === 'object' &&
    directives !== null
  );
}

/** Options of {@link createModuleLoader}. */
export interface ModuleLoaderOptions {
  /** Base of relative paths in `load_module`. */
  readonly prefix: string;
  /** Where the search for the host begins; package names are resolved from the host. */
  readonly startDir: string;
  /** Told of each module that was loaded, for `-V`. */
  readonly onFound?: (found: FoundModule) => void;
}

/**
 * The function behind `load_module`: a package name (`name` or `@scope/name`) is resolved from the host; everything
 * else, and what ends in `.js`, `.mjs`, `.cjs` or `.so`, is a path relative to the prefix, of a file with exactly one
 * module among its exports or of a package's directory. Rejects with a ConfigError.
 */
export function createModuleLoader(
  options: ModuleLoaderOptions,
): (request: string) => Promise<AnyModule> {
  return async (request) => {
    const found = isPackageName(request)
      ? await loadPackage(await requirePackage(request, await findHost(resolve(options.startDir))))
      : await loadPath(resolve(options.prefix, request));
    options.onFound?.(found);
    return found.module;
  };
}

function isPackageName(request: string): boolean {
  if (/\.(?:js|mjs|cjs|so)$/.test(request)) return false;
  return /^(?:@[^@/\s]+\/)?[^@./\s][^@/\s]*$/.test(request);
}

async function loadPath(path: string): Promise<FoundModule> {
  if (path.endsWith('.so')) throw existsSync(path) ? binaryModule(path) : noBinaryModule(path);
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) return loadFile(path);
  const manifest = await readManifest(path);
  if (manifest === undefined) throw notAModulePackage(path);
  return loadPackage(manifest);
}

async function loadFile(path: string): Promise<FoundModule> {
  // `default` may repeat a named export.
  const modules = new Set(Object.values(await importFile(path)).filter(isModule));
  const [module] = modules;
  if (module === undefined || modules.size > 1) throw noSingleModule(path, modules.size);
  const owner = await nearestManifest(dirname(path));
  return {
    module,
    origin: { package: owner?.name ?? path, version: owner?.version ?? '0.0.0' },
  };
}

async function nearestManifest(directory: string): Promise<Manifest | undefined> {
  const manifest = await readManifest(directory).catch(() => undefined);
  const above = dirname(directory);
  return manifest ?? (above === directory ? undefined : nearestManifest(above));
}
