/**
 * Inheritance: from scopes to the frozen configuration of one module, for the process or for one server.
 *
 * A server's value is the one set in its block, else the one of `mail`, else the one of `main` where the directive may
 * stand there, else the default. Lists hide, never join; a slot with `merge` decides itself what becomes of an inner
 * and an outer value that are both set. A block that sets nothing of a module shares the object of its parent, so ten
 * thousand servers cost no more than what they say.
 */
import type { AnyModule, MainOf } from '../module/module.js';
import type { AnySlot, Directive, Level, ServerConfiguration, SourceRef } from './directive.js';
import { freezeDeep, type Scope, type Setting } from './scope.js';

/** The configuration per server of a module, without what the module derives from it. */
export type ServerConf<M extends AnyModule> = M extends { readonly directives: infer D }
  ? D extends Readonly<Record<string, Directive>>
    ? ServerConfiguration<D>
    : never
  : never;

/** What is set for a module at a scope and around it, and the configuration that comes of it. */
interface Resolved {
  readonly set: ReadonlyMap<string, unknown>;
  readonly conf: Readonly<Record<string, unknown>>;
}

const nothingSet: Resolved = { set: new Map(), conf: {} };
const serverLevels: readonly Level[] = ['mail', 'server'];
const processLevels: readonly Level[] = ['main', 'events'];

function slotsOf(module: AnyModule, levels: readonly Level[]): readonly AnySlot[] {
  const directives = Object.values(module.directives as Readonly<Record<string, Directive>>);
  return directives
    .filter((directive): directive is AnySlot => directive.kind === 'slot')
    .filter((one) => one.levels.some((level) => levels.includes(level)));
}

const serverSlots = new WeakMap<AnyModule, readonly AnySlot[]>();

function serverSlotsOf(module: AnyModule): readonly AnySlot[] {
  const known = serverSlots.get(module);
  if (known !== undefined) return known;
  const slots = slotsOf(module, serverLevels);
  serverSlots.set(module, slots);
  return slots;
}

function combine(
  slots: readonly AnySlot[],
  outer: Resolved,
  own: ReadonlyMap<string, Setting>,
): Resolved {
  const set = new Map(outer.set);
  for (const slot of slots) {
    const setting = own.get(slot.slot);
    if (setting === undefined) continue;
    const joins = slot.merge !== undefined && outer.set.has(slot.slot);
    const value = joins ? slot.merge?.(outer.set.get(slot.slot), setting.value) : setting.value;
    set.set(slot.slot, freezeDeep(value));
  }
  return { set, conf: confOf(slots, set) };
}

function confOf(
  slots: readonly AnySlot[],
  set: ReadonlyMap<string, unknown>,
): Readonly<Record<string, unknown>> {
  const conf: Record<string, unknown> = {};
  for (const slot of slots) {
    const isSet = set.has(slot.slot);
    conf[slot.slot] = isSet ? set.get(slot.slot) : freezeDeep(slot.default);
  }
  return Object.freeze(conf);
}

const resolvedServers = new WeakMap<Scope, Map<AnyModule, Resolved>>();

/** Remembered per scope and module, so that what servers share is computed once. */
function resolveServer(scope: Scope, module: AnyModule): Resolved {
  let known = resolvedServers.get(scope);
  if (known === undefined) {
    known = new Map();
    resolvedServers.set(scope, known);
  }
  let resolved = known.get(module);
  if (resolved === undefined) {
    resolved = computeServer(scope, module);
    known.set(module, resolved);
  }
  return resolved;
}

function computeServer(scope: Scope, module: AnyModule): Resolved {
  const own = scope.values.get(module);
  if (scope.parent === undefined) {
    return combine(serverSlotsOf(module), nothingSet, own ?? new Map<string, Setting>());
  }
  const outer = resolveServer(scope.parent, module);
  return own === undefined ? outer : combine(serverSlotsOf(module), outer, own);
}

/**
 * The frozen configuration of `module` at `scope`, a `server` (or `mail`) block. The same object each time, so it must not be
 * asked for before `mail` is read to its end: what follows a server counts for it too.
 */
export function serverConf<M extends AnyModule>(scope: Scope, module: M): ServerConf<M> {
  return resolveServer(scope, module).conf as ServerConf<M>;
}

/** What is set for `module` in the block `scope` alone, also while it is being read. */
export function ownConf<M extends AnyModule>(scope: Scope, module: M): Partial<ServerConf<M>> {
  const own = scope.values.get(module) ?? new Map<string, Setting>();
  const values = [...own].map(([name, { value }]) => [name, value]);
  return Object.fromEntries(values) as Partial<ServerConf<M>>;
}

/** The frozen process-wide configuration of `module`: what may stand in `main` or `events`. */
export function mainConf<M extends AnyModule>(root: Scope, module: M): MainOf<M> {
  const events = root.children.filter((child) => child.level === 'events');
  const set = new Map<string, Setting>();
  for (const scope of [root, ...events]) {
    for (const [name, setting] of scope.values.get(module) ?? []) set.set(name, setting);
  }
  const slots = slotsOf(module, processLevels);
  return combine(slots, nothingSet, set).conf as MainOf<M>;
}

/** Where the value of a slot was set: in `scope` or the nearest block around it. `undefined` if it is the default. */
export function setAt(scope: Scope, module: AnyModule, slotName: string): SourceRef | undefined {
  const setting = scope.values.get(module)?.get(slotName);
  if (setting !== undefined) return setting.at;
  return scope.parent === undefined ? undefined : setAt(scope.parent, module, slotName);
}
