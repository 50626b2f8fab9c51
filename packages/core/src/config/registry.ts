/**
 * Which module declares a directive, and for which block. Answers in nginx's order (`ngx_conf_handler`): unknown, not
 * allowed here, wrong terminator; the number of words and their form come after, in load.ts.
 */
import type { AnyModule } from '../module/module.js';
import { slot, type Directive, type Level } from './directive.js';
import { path, text } from './codec.js';
import {
  directiveConflict,
  noOpening,
  notAllowedHere,
  notTerminated,
  slotConflict,
  unknownDirective,
} from './errors.js';
import type { Statement } from './parser.js';
import { explainUnknown } from './unknown.js';

/** A directive with its owner; without `module` it is one of the kernel's own ({@link kernelDirectives}). */
export interface Declaration {
  readonly name: string;
  readonly module: AnyModule | undefined;
  readonly directive: Directive;
}

/** The directives that act on reading itself. Their values are not stored. */
export const kernelDirectives = {
  include: slot('include', path('conf'), {
    levels: ['main', 'events', 'mail', 'server'],
    default: '',
    defaultText: '—',
    about: 'Reads another file, or all files that match a mask, in this place.',
  }),
  load_module: slot('loadModule', text, {
    levels: ['main'],
    default: '',
    defaultText: '—',
    about: 'Loads a module from a package or a file. Must stand above the first block.',
  }),
} as const;

/** Directive names with their declarations. */
export class Registry {
  readonly #byName = new Map<string, Declaration[]>();

  constructor() {
    for (const [name, directive] of Object.entries(kernelDirectives)) {
      this.#declare({ name, module: undefined, directive });
    }
  }

  /** Takes in the directives of `module`. Throws a ConfigError where another module has one of them at its level. */
  add(module: AnyModule): void {
    const slots = new Set<string>();
    const directives = Object.entries(module.directives as Readonly<Record<string, Directive>>);
    for (const [name, directive] of directives) {
      this.#declare({ name, module, directive });
      if (directive.kind !== 'slot') continue;
      if (slots.has(directive.slot)) throw slotConflict(module.name, directive.slot);
      slots.add(directive.slot);
    }
  }

  #declare(added: Declaration): void {
    const known = this.#byName.get(added.name) ?? [];
    const rival = known.find((one) =>
      one.directive.levels.some((level) => added.directive.levels.includes(level)),
    );
    if (rival !== undefined) {
      const owner = (one: Declaration): string => one.module?.name ?? 'core';
      throw directiveConflict(added.name, owner(rival), owner(added));
    }
    this.#byName.set(added.name, [...known, added]);
  }

  /** Every declaration of `name`; none if it is unknown. */
  find(name: string): readonly Declaration[] {
    return this.#byName.get(name) ?? [];
  }

  /** The declaration that `statement` means at `level`. Throws the ConfigError of nginx where there is none. */
  resolve(statement: Statement, level: Level): Declaration {
    const { name, at, terminator } = statement;
    const known = this.find(name);
    if (known.length === 0) {
      throw unknownDirective(name, at, explainUnknown(name, [...this.#byName.keys()]));
    }
    const found = known.find((one) => one.directive.levels.some((allowed) => allowed === level));
    if (found === undefined) {
      const levels = known.flatMap((one) => one.directive.levels);
      throw notAllowedHere(name, at, `it may stand in: ${levels.join(', ')}`);
    }
    if (found.directive.kind === 'slot' && terminator === '{') throw notTerminated(name, at);
    if (found.directive.kind === 'block' && terminator === ';') throw noOpening(name, at);
    return found;
  }
}
