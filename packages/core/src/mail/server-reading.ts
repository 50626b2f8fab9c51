/**
 * What nginx checks of servers while it reads them: that an address is not taken at the line of `listen`, and that there is
 * one at the closing brace of the server. `protocol` is checked at its line too, which here must wait until modules are set up;
 * so its words are remembered.
 */
import type { SourceRef } from '../config/directive.js';
import { ownConf, setAt } from '../config/merge.js';
import type { Scope } from '../config/scope.js';
import { ConfigError } from '../errors.js';
import { mail } from './core-module.js';
import type { ListenSpec } from './listen.js';
import { duplicateText } from './socket-plan.js';

/** One `protocol` directive. */
export interface WrittenProtocol {
  readonly name: string;
  readonly at: SourceRef;
}

/** The first `listen` that names an address, and its server. */
interface Taken {
  readonly spec: ListenSpec;
  readonly server: Scope;
}

/** Watches one reading of a configuration: `stored` and `closed` are options of it. */
export class ServerReading {
  readonly #protocols: WrittenProtocol[] = [];
  readonly #addresses = new Map<string, Taken>();
  /** How many addresses of a server are known already: `listen` adds to a list. */
  readonly #known = new WeakMap<Scope, number>();
  #isComplete = false;

  /** All `protocol` directives in order, also those that another one replaces. */
  get protocols(): readonly WrittenProtocol[] {
    return this.#protocols;
  }

  /** Whether `mail {}` has come to its end. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Called for each directive that is stored. Throws ConfigError. */
  readonly stored = (scope: Scope, directive: string): void => {
    if (scope.level !== 'server') return;
    if (directive === 'listen') this.#takeAddresses(scope);
    if (directive === 'protocol') this.#remember(scope);
  };

  /** Called for each block that is read to its end. Throws ConfigError. */
  readonly closed = (scope: Scope): void => {
    if (scope.level === 'mail') this.#isComplete = true;
    if (scope.level !== 'server' || this.#known.has(scope)) return;
    throw new ConfigError(`no "listen" is defined for server in ${placeOf(scope.at)}`);
  };

  #takeAddresses(server: Scope): void {
    const { listen = [] } = ownConf(server, mail);
    for (const spec of listen.slice(this.#known.get(server) ?? 0)) {
      const taken = this.#addresses.get(spec.address);
      if (taken === undefined) this.#addresses.set(spec.address, { spec, server });
      else if (!mayShare(taken, spec, server)) throw new ConfigError(duplicateText(spec), spec.at);
    }
    this.#known.set(server, listen.length);
  }

  #remember(server: Scope): void {
    const { protocol } = ownConf(server, mail);
    const at = setAt(server, mail, 'protocol');
    if (protocol !== undefined && at !== undefined) this.#protocols.push({ name: protocol, at });
  }
}

/** Whether the names of the servers decide, which are known later. */
function mayShare(taken: Taken, spec: ListenSpec, server: Scope): boolean {
  return taken.server !== server && taken.spec.ssl && spec.ssl;
}

/** `FILE:LINE`, as sentences about a server end. */
export function placeOf(at: SourceRef): string {
  return `${at.file ?? 'command line'}:${String(at.line)}`;
}
