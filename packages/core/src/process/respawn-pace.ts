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
  /** Times of the deaths that count, before there is any wait. */
  #deaths: number[] = [];
  #last = Number.NEGATIVE_INFINITY;
  #waitMs = 0;

  /** A worker died at `now` (ms of any steady clock); the ms to wait before its successor starts. */
  died(now: number): number {
    if (now - this.#last >= windowMs + this.#waitMs) this.#waitMs = 0;
    this.#last = now;
    this.#deaths = [...this.#deaths.filter((at) => now - at < windowMs), now];
    if (this.#waitMs > 0) this.#waitMs = Math.min(longestWaitMs, 2 * this.#waitMs);
    else if (this.#deaths.length > freeDeaths) this.#waitMs = firstWaitMs;
    return this.#waitMs;
  }
}
