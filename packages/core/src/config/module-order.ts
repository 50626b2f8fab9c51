/**
 * The order in which modules are set up: what a module requires comes earlier, then what says `before`, then the order
 * of loading.
 */
import type { AnyModule, moduleApi } from '../module/module.js';
import { alreadyLoaded, missingRequirement, moduleCycle, otherApi, otherCopy } from './errors.js';

// The layer of modules is above this one: the compiler holds the two numbers together.
const supportedApi: typeof moduleApi = 1;

/**
 * Checks that `module` may join `present`. Throws a ConfigError for another version of the module interface and for a
 * name that is taken.
 */
export function admit(module: AnyModule, present: ReadonlyMap<string, AnyModule>): void {
  if (module.api !== supportedApi) throw otherApi(module.name, module.api, supportedApi);
  if (present.has(module.name)) throw alreadyLoaded(module.name);
}

function checkModules(modules: readonly AnyModule[]): ReadonlyMap<string, AnyModule> {
  const byName = new Map<string, AnyModule>();
  for (const module of modules) {
    admit(module, byName);
    byName.set(module.name, module);
  }
  for (const module of modules) {
    for (const required of module.requires) {
      const present = byName.get(required.name);
      if (present === undefined) throw missingRequirement(module, required);
      if (present !== required) throw otherCopy(module, required);
    }
  }
  return byName;
}

/** For each module those that must come earlier, in the order they are to be visited. */
function predecessors(
  modules: readonly AnyModule[],
  byName: ReadonlyMap<string, AnyModule>,
): ReadonlyMap<AnyModule, ReadonlySet<AnyModule>> {
  const earlier = new Map(modules.map((module) => [module, new Set<AnyModule>(module.requires)]));
  for (const module of modules) {
    for (const name of module.before) {
      const later = byName.get(name);
      if (later !== undefined) earlier.get(later)?.add(module);
    }
  }
  return earlier;
}

/**
 * `modules` in the order of set-up. Throws a ConfigError for two modules of one name, another interface number, a
 * required module that is not there (or there in another copy), and a cycle, listed by name.
 */
export function orderModules(modules: readonly AnyModule[]): readonly AnyModule[] {
  const earlier = predecessors(modules, checkModules(modules));
  const ordered = new Set<AnyModule>();
  const path: AnyModule[] = [];
  const visit = (module: AnyModule): void => {
    if (ordered.has(module)) return;
    const start = path.indexOf(module);
    if (start >= 0) throw moduleCycle([...path.slice(start), module].map((one) => one.name));
    path.push(module);
    for (const one of earlier.get(module) ?? []) visit(one);
    path.pop();
    ordered.add(module);
  };
  for (const module of modules) visit(module);
  return Object.freeze([...ordered]);
}
