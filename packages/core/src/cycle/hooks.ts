/**
 * What makes tapable's hooks safe for a server: every tap is wrapped so that a failure names its module and hook, and
 * after `setup` no tap can be added.
 */
import type { AsyncHook, FullTap, Hook } from 'tapable';
import { ModuleError, PosternError } from '../errors.js';

/** Variance alias: a hook of any kind. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one alias that must accept every hook
export type AnyHook = Hook<any, any> | AsyncHook<any, any>;

/** Whether sealed hooks refuse taps; one object for all hooks of a cycle. */
export interface Seal {
  sealed: boolean;
}

/** Wraps each tap that is registered on `hook` from now on. */
export function guard(hook: AnyHook, name: string, seal: Seal): void {
  hook.intercept({
    register: (tap: FullTap): FullTap => {
      if (seal.sealed) throw tappedTooLate(tap.name, name);
      return { ...tap, fn: guarded(tap, name) };
    },
  });
}

/** Guards every hook of a module's hooks object. */
export function guardAll(hooks: object, seal: Seal): void {
  for (const [name, hook] of Object.entries(hooks)) {
    if (isHook(hook)) guard(hook, name, seal);
  }
}

/** Whether any module taps `hook`; asked before a promise is spent on it. */
export function isTapped(hook: { readonly taps: readonly unknown[] }): boolean {
  return hook.taps.length > 0;
}

function isHook(value: unknown): value is AnyHook {
  return typeof value === 'object' && value !== null && 'intercept' in value && 'taps' in value;
}

type TapFunction = (...args: readonly unknown[]) => unknown;

function guarded(tap: FullTap, hook: string): TapFunction {
  const run = tap.fn as TapFunction;
  const failure = (cause: unknown): ModuleError => new ModuleError(tap.name, hook, cause);
  const fail = (cause: unknown): never => {
    throw failure(cause);
  };
  if (tap.type === 'promise') {
    return (...args) => {
      try {
        return Promise.resolve(run(...args)).catch(fail);
      } catch (cause) {
        return Promise.reject(failure(cause));
      }
    };
  }
  return (...args) => {
    try {
      return run(...args);
    } catch (cause) {
      return fail(cause);
    }
  };
}

function tappedTooLate(module: string, hook: string): PosternError {
  return new PosternError(
    'POSTERN_HOOK_SEALED',
    `module "${module}" taps hook "${hook}" outside of its setup`,
  );
}
