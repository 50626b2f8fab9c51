/**
 * How soon a worker that died is replaced: at once, as in nginx, until deaths come so fast that something is wrong with
 * all of them; then after a wait that doubles, so that a fault in every worker is no fork bomb.
 */

/** Deaths within this many ms count together. */
const windowMs = 10_000;
/** Deaths in the window that are answered at once. */
const freeDeaths = 5;
const firstWaitMs = 1000;
const longestWaitMs = 30_000;

/** Remembers the deaths of one configuration's workers. */
export class RespawnPace {
  #deaths: number[] = [];
  #waitMs = 0;

  /** A worker died at `now` (ms of any steady clock); the ms to wait before its successor starts. */
  died(now: number): number {
    this.#deaths = [...this.#deaths.filter((at) => now - at < windowMs + this.#waitMs), now];
    if (this.#deaths.length <= freeDeaths) {
      this.#waitMs = 0;
    } else {
      this.#waitMs = Math.min(longestWaitMs, Math.max(firstWaitMs, 2 * this.#waitMs));
    }
    return this.#waitMs;
  }
}
