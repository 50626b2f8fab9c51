/** Waiting for what sends no event: asked again and again, never longer than a deadline. */
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks `ready` every 25 ms until it gives something else than `undefined` or `false`, and gives that back. Rejects after
 * `deadlineMs` with what was waited for and, if given, what `state` says then.
 */
export async function until<T>(
  what: string,
  ready: () => T | undefined | false | Promise<T | undefined | false>,
  { deadlineMs = 20_000, state = () => '' }: { deadlineMs?: number; state?: () => string } = {},
): Promise<T> {
  const last = Date.now() + deadlineMs;
  for (;;) {
    const value = await ready();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > last) {
      throw new Error(`no ${what} within ${String(deadlineMs)} ms ${state()}`.trimEnd());
    }
    await pause(25);
  }
}
