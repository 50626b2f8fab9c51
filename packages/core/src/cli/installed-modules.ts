/** The modules of this installation: those of core, and those the caller brings or the host package lists. */
import { builtInModules } from '../process/built-in-modules.js';
import { loadHostModules } from '../module/loader.js';
import { type LocatedModule, posternVersion } from './usage.js';

/** Where modules are looked for. */
export interface ModuleSearch {
  /** The caller's modules; with them nothing is searched. */
  readonly standard?: readonly LocatedModule[] | undefined;
  /** Directories from which the host is looked for, the first that has modules counts. */
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
    const found = await loadHostModules(directory);
    if (found.length > 0) return { modules: [...own, ...found], startDir: directory };
  }
  return { modules: own, startDir };
}
