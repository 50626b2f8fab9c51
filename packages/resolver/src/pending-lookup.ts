/**
 * A look-up under way and all who wait for it. Each waits for its own time and leaves when its client leaves; the
 * others are not hurt by it. When the last has left, the look-up is aborted.
 */
import { failed, FailureCode, type Answer } from './answer.js';

/** Who waits, and for how long. A session is one. */
export interface Waiter {
  readonly closed: boolean;
  onAbandon(callback: () => void): void;
  offAbandon(callback: () => void): void;
}

/** The runtime's timers overflow above it and would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Tells one who waits. */
type Leave<T> = (answer: Answer<T> | Promise<Answer<T>>) => void;

/** One look-up. */
export class PendingLookup<T> {
  readonly #abort = new AbortController();
  readonly #waiting = new Set<Leave<T>>();

  /** Aborted when nobody waits any more. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Waits for at most `timeoutMs`. Rejects only where {@link settle} is given a promise that does. */
  wait(waiter: Waiter, timeoutMs: number): Promise<Answer<T>> {
    return new Promise((resolve) => {
      const leave: Leave<T> = (answer) => {
        clearTimeout(timer);
        waiter.offAbandon(abandon);
        this.#waiting.delete(leave);
        if (this.#waiting.size === 0) this.#abort.abort();
        resolve(answer);
      };
      const abandon = (): void => {
        leave({ kind: 'abandoned' });
      };
      const timer = setTimeout(
        () => {
          leave(failed(FailureCode.timedOut));
        },
        Math.min(timeoutMs, longestTimerMs),
      );
      this.#waiting.add(leave);
      waiter.onAbandon(abandon);
    });
  }

  /** Tells everybody. */
  settle(answer: Answer<T> | Promise<Answer<T>>): void {
    for (const leave of [...this.#waiting]) leave(answer);
  }
}
