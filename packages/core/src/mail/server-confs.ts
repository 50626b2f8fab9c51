/**
 * What modules make of the merged configuration of servers. A `derive` that takes nothing but the configuration is called
 * once for all servers that share one, and they share what comes of it; any other one is called for each server.
 */
import type { ServerConf } from '../config/merge.js';
import { moduleFailed } from '../module/errors.js';
import type { AnyModule, DeriveContext } from '../module/module.js';

/** The configurations of one cycle, derived values included. */
export class ServerConfs {
  readonly #shared = new Map<AnyModule, Map<object, object>>();

  /** The configuration of `module` for the server of `context`, of which `conf` is what its directives say. */
  complete(module: AnyModule, conf: ServerConf<AnyModule>, context: DeriveContext): object {
    if (module.derive === undefined) return conf;
    if (module.derive.length !== 1) return derived(module, conf, context);
    let known = this.#shared.get(module);
    if (known === undefined) {
      known = new Map();
      this.#shared.set(module, known);
    }
    let complete = known.get(conf);
    if (complete === undefined) {
      complete = derived(module, conf, context);
      known.set(conf, complete);
    }
    return complete;
  }
}

/** `conf` with what the module makes of it. Throws what names the module where it fails. */
function derived(module: AnyModule, conf: ServerConf<AnyModule>, context: DeriveContext): object {
  try {
    return Object.freeze({ ...conf, ...(module.derive?.(conf, context) as object | undefined) });
  } catch (cause) {
    throw moduleFailed(module.name, 'derive', cause);
  }
}
