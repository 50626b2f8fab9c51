/**
 * One configuration generation: the modules in order, their main configuration, and one set of hooks, guarded while
 * modules tap them in `setup` and sealed afterwards. A reload makes a new cycle and lets the old one drain.
 */
import { mainConf } from '../config/merge.js';
import type { LoadedConfiguration } from '../config/load.js';
import { PosternError } from '../errors.js';
import type { Logger } from '../log/logger.js';
import { moduleFailed, setupNotDone } from '../module/errors.js';
import type { AnyModule, CycleSetup, HooksOf, MainOf } from '../module/module.js';
import { OwnAddresses } from '../net/own-addresses.js';
import type { ConnectionSlots } from '../net/slots.js';
import { guardAll, type Seal } from './hooks.js';

/** What a cycle is made of. */
export interface CycleParts {
  readonly configuration: LoadedConfiguration;
  readonly log: Logger;
  readonly connections: ConnectionSlots;
}

/** A running configuration generation. */
export class Cycle implements CycleSetup {
  readonly configuration: LoadedConfiguration;
  readonly log: Logger;
  readonly connections: ConnectionSlots;
  readonly listening = new OwnAddresses();
  readonly #hooks = new Map<AnyModule, object>();
  readonly #main = new Map<AnyModule, object>();
  readonly #releases: (() => void)[] = [];

  constructor(parts: CycleParts) {
    this.configuration = parts.configuration;
    this.log = parts.log;
    this.connections = parts.connections;
    const seal: Seal = { sealed: false };
    for (const module of this.configuration.modules) this.#prepare(module, seal);
    for (const module of this.configuration.modules) this.#setUp(module);
    seal.sealed = true;
  }

  #setUp(module: AnyModule): void {
    let result: unknown;
    try {
      result = module.setup?.(this);
    } catch (cause) {
      throw moduleFailed(module.name, 'setup', cause);
    }
    if (!(result instanceof Promise)) return;
    // Whatever becomes of it: the start has failed already.
    result.catch(() => undefined);
    throw setupNotDone(module.name);
  }

  #prepare(module: AnyModule, seal: Seal): void {
    this.#main.set(module, mainConf(this.configuration.root, module));
    const hooks = module.hooks?.() as object | undefined;
    if (hooks === undefined) return;
    guardAll(hooks, seal);
    this.#hooks.set(module, hooks);
  }

  hooks<M extends AnyModule>(module: M): HooksOf<M> {
    return found(this.#hooks, module) as HooksOf<M>;
  }

  main<M extends AnyModule>(module: M): MainOf<M> {
    return found(this.#main, module) as MainOf<M>;
  }

  has(module: AnyModule): boolean {
    return this.#main.has(module);
  }

  onEnd(release: () => void): void {
    this.#releases.push(release);
  }

  /** Lets go of what modules hold: pooled connections, timers. */
  end(): void {
    for (const release of this.#releases.splice(0)) release();
  }
}

/** What `values` holds for `module`. Throws `POSTERN_MODULE_NOT_LOADED` with the remedy. */
export function found<T>(values: ReadonlyMap<AnyModule, T>, module: AnyModule): T {
  const value = values.get(module);
  if (value !== undefined) return value;
  throw new PosternError(
    'POSTERN_MODULE_NOT_LOADED',
    `module "${module.name}" is not part of this build; add it to the modules or write: load_module "<its package>";`,
  );
}
