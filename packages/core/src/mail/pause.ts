/** A wait that an auth server asks for (`Auth-Wait`), given up when the client leaves. */
import type { Session } from './session.js';

/** The runtime's timers overflow above it and would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** Waits `ms` milliseconds. Resolves with false as soon as the attempt is abandoned, and leaves nothing behind. */
export function pause(
  ms: number,
  attempt: Pick<Session, 'closed' | 'onAbandon' | 'offAbandon'>,
): Promise<boolean> {
  if (attempt.closed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const abandon = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(
      () => {
        attempt.offAbandon(abandon);
        resolve(true);
      },
      Math.min(ms, longestTimerMs),
    );
    attempt.onAbandon(abandon);
  });
}
