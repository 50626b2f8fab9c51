/** What reading a configuration gives: one scope per block, with the values set in it. */
import type { AnyModule } from '../module/module.js';
import type { Level, SourceRef } from './directive.js';

/** A value with the place of the directive that set it; of the last one where several add up. */
export interface Setting {
  readonly value: unknown;
  readonly at: SourceRef;
}

/** A block, or the file outside any block (`main`). Values are deeply frozen as far as they are lists and records. */
export interface Scope {
  readonly level: Level;
  /** The directive that opened the block; empty for `main`. */
  readonly name: string;
  /** The line of the block's `{`; line 0 for `main`. */
  readonly at: SourceRef;
  /** Values set in this block: module, then slot name. */
  readonly values: ReadonlyMap<AnyModule, ReadonlyMap<string, Setting>>;
  readonly children: readonly Scope[];
  readonly parent: Scope | undefined;
}

/** A scope that is being read. */
export class OpenScope implements Scope {
  readonly level: Level;
  readonly name: string;
  readonly at: SourceRef;
  readonly values = new Map<AnyModule, Map<string, Setting>>();
  readonly children: OpenScope[] = [];
  readonly parent: OpenScope | undefined;

  constructor(level: Level, name: string, at: SourceRef, parent?: OpenScope) {
    this.level = level;
    this.name = name;
    this.at = at;
    this.parent = parent;
    parent?.children.push(this);
  }

  /** The value of `slot` set in this very block. */
  get(module: AnyModule, slot: string): Setting | undefined {
    return this.values.get(module)?.get(slot);
  }

  set(module: AnyModule, slot: string, setting: Setting): void {
    let own = this.values.get(module);
    if (own === undefined) {
      own = new Map();
      this.values.set(module, own);
    }
    own.set(slot, setting);
  }
}

/** Freezes lists and plain records all the way down; leaves buffers, maps and class instances alone. */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  if (!isPlain) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) freezeDeep(member);
  return value;
}
