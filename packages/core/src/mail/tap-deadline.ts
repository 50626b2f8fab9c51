/**
 * Deadlines for what modules do in a session: a tap that never settles ends its session, and holds up nothing else.
 */
import { promisify } from 'node:util';
import type { AsyncHook, FullTap } from 'tapable';
import { noAnswer } from './errors.js';
import type { BackendLogin } from './outcome.js';
import { longestTimerMs } from './pause.js';
import type { MailHooks } from './phases.js';
import type { Session } from './session.js';

/** What a tap that is waited for may say of itself. */
export interface TapDeadline {
  /**
   * True: the tap bounds its waits itself, as auth_http does by `auth_http_timeout`. Without it the tap has `timeout` of
   * the session's server to settle.
   */
  readonly ownDeadline?: boolean;
}

/** Puts a deadline on each tap that is registered on `hooks` from now on. */
export function withDeadlines(hooks: MailHooks): MailHooks {
  bound(hooks.accept, ([session]) => session);
  bound(hooks.greet, ([session]) => session);
  bound(hooks.command, ([session]) => session);
  bound(hooks.authenticate, ([session]) => session);
  bound(hooks.route, ([, session]) => session);
  bound(hooks.connect, ([session]) => session, letGo);
  return hooks;
}

/** A backend that is ready when nobody waits for it any more. */
function letGo(late: BackendLogin | undefined): void {
  if (late?.kind === 'ready') late.connection.destroy();
}

function bound<A extends readonly unknown[], R>(
  hook: AsyncHook<A, R, TapDeadline>,
  sessionOf: (args: A) => Session,
  drop?: (late: R) => void,
): void {
  hook.intercept({
    register: (tap: FullTap & TapDeadline) => {
      if (tap.type === 'sync' || tap.ownDeadline === true) return tap;
      const run = (tap.type === 'async' ? promisify(tap.fn) : tap.fn) as (...args: A) => Promise<R>;
      const fn = (...args: A): Promise<R> =>
        within(sessionOf(args).timeoutMs, () => run(...args), drop);
      return { ...tap, type: 'promise' as const, fn };
    },
  });
}

/** What `run` settles with, or a rejection after `ms`; `drop` gets what comes later. */
function within<R>(
  ms: number,
  run: () => Promise<R>,
  drop: ((late: R) => void) | undefined,
): Promise<R> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(
      () => {
        isLate = true;
        reject(noAnswer(ms));
      },
      Math.min(ms, longestTimerMs),
    ).unref();
    void Promise.resolve(run())
      .then((value) => {
        if (isLate) drop?.(value);
        else resolve(value);
      })
      .catch(reject)
      .finally(() => {
        clearTimeout(timer);
      });
  });
}
