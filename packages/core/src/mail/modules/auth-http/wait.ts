/** The wait that an auth server asks for before it is asked again. */
import type { LoginAttempt } from './answer.js';

/** Waits `ms` milliseconds. Resolves with false as soon as the attempt is abandoned, and leaves nothing behind. */
export function pause(ms: number, attempt: LoginAttempt): Promise<boolean> {
  if (attempt.closed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const abandon = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      attempt.offAbandon(abandon);
      resolve(true);
    }, ms);
    attempt.onAbandon(abandon);
  });
}
