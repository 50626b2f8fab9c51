/** The modules of this installation: those of core, and those the caller brings or the host package lists. */
import { resolve } from 'node:path';
import { findHost } from '../module/manifest.js';
import { builtInModules } from '../process/built-in-modules.js';
import { loadHostModules } from '../module/loader.js';
import { type LocatedModule, posternVersion } from './usage.js';

/** Where modules are looked for. */
export interface ModuleSearch {
  /** The caller's modules; with them nothing is searched. */
  readonly standard?: readonly LocatedModule[] | undefined;
  /** Directories from which the host is looked for; the first that has one counts. */
  readonly startDirs: readonly string[];
}

/** What was found. */
export interface InstalledModules {
  readonly modules: readonly LocatedModule[];
  /** Where `load_module` starts to look for packages. */
  readonly startDir: string;
}

/** Rejects with a ConfigError where a listed module cannot be loaded. */
export async function installedModules(search: ModuleSearch): Promise<InstalledModules> {
  const origin = { package: '@postern/core', version: posternVersion() };
  const own = builtInModules.map((module): LocatedModule => ({ module, origin }));
  const startDir = search.startDirs[0] ?? process.cwd();
  if (search.standard !== undefined) return { modules: [...own, ...search.standard], startDir };
  for (const directory of search.startDirs) {
    const host = await findHost(resolve(directory));
    // Core is no host of its own: run from a checkout, its command serves the package it is called in.
    if (host === undefined || host.name === origin.package) continue;
    const found = await loadHostModules(directory);
    return { modules: [...own, ...found], startDir: directory };
  }
  return { modules: own, startDir };
}
