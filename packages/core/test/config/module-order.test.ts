import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { type AnyModule, defineModule, type ModuleDefinition } from '../../src/module/module.js';
import { orderModules } from '../../src/config/module-order.js';

type Extras = Partial<
  Pick<ModuleDefinition<never, object, object, object>, 'requires' | 'before' | 'api'>
>;

function make(name: string, extras: Extras = {}): AnyModule {
  return defineModule({ name, api: 1, ...extras });
}

function order(...modules: readonly AnyModule[]): string {
  return orderModules(modules)
    .map((module) => module.name)
    .join(' ');
}

function refusal(...modules: readonly AnyModule[]): ConfigError {
  try {
    orderModules(modules);
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new RangeError('not refused');
}

const a = make('a');
const b = make('b');
const needsA = make('needsA', { requires: [a] });
const beforeA = make('beforeA', { before: ['a'] });

describe('modules', () => {
  const cases = [
    { name: 'keep the order of loading', modules: [b, a], expected: 'b a' },
    { name: 'come after what they require', modules: [needsA, b, a], expected: 'a needsA b' },
    { name: 'come before those they say', modules: [a, b, beforeA], expected: 'beforeA a b' },
    { name: 'may name a module that is not there', modules: [b, beforeA], expected: 'b beforeA' },
    { name: 'come in one chain', modules: [needsA, a, beforeA], expected: 'beforeA a needsA' },
    { name: 'may be none', modules: [], expected: '' },
  ];
  it.each(cases)('$name', ({ modules, expected }) => {
    expect(order(...modules)).toBe(expected);
  });

  const refused = [
    {
      name: 'of one name are refused',
      modules: [a, make('a')],
      message: 'module "a" is already loaded',
    },
    {
      name: 'for another interface are refused with both numbers',
      modules: [make('x', { api: 2 })],
      message: 'module "x" version 2 instead of 1',
    },
    {
      name: 'without what they require are refused',
      modules: [needsA],
      message: 'module "needsA" requires module "a"',
    },
    {
      name: 'with another copy of what they require are refused',
      modules: [make('a'), needsA],
      message: 'module "needsA" requires another copy of module "a"',
    },
    {
      name: 'in a circle are refused with its names, and only those',
      modules: [
        b,
        make('x', { before: ['y'] }),
        make('y', { before: ['z'] }),
        make('z', { before: ['x', 'b'] }),
      ],
      message: 'modules depend on each other in a cycle: z -> y -> x -> z',
    },
    {
      name: 'that want to come before themselves are refused',
      modules: [make('x', { before: ['x'] })],
      message: 'modules depend on each other in a cycle: x -> x',
    },
  ];
  it.each(refused)('$name', ({ modules, message }) => {
    expect(refusal(...modules).message).toBe(message);
  });

  it('that are missing are named with their package', () => {
    const imap = make('mail_imap');
    expect(refusal(make('x', { requires: [imap] })).help).toContain('install @postern/mail-imap');
  });

  it('of a long chain do not take long', () => {
    const chain: AnyModule[] = [];
    for (let index = 0; index < 2000; index++) {
      const last = chain.at(-1);
      chain.push(make(`m${String(index)}`, last === undefined ? {} : { requires: [last] }));
    }
    expect(orderModules(chain.toReversed())).toEqual(chain);
  });
});
