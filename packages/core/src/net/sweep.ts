/**
 * Deadlines without a timer each: one coarse clock per worker looks over everything that may expire. Traffic moves a
 * deadline back by writing a number; a deadline that comes nearer is set by `add`. Deadlines are met within one tick; the clock is monotonic, so a jump of the wall
 * clock expires nothing.
 */

/** Something that ends at a time unless it is moved or taken out. */
export interface Expiring {
  /** On the clock of {@link Sweep.now}, in ms. Only ever moved back by its owner. */
  expiresAt: number;
  /** Called once per expiry; the entry stays in until it is taken out. */
  expired(): void;
}

/** Milliseconds between two looks. */
export const sweepTickMs = 100;

/** The clock of a worker. */
export class Sweep {
  /** Milliseconds on a monotonic clock, as of the last tick or `add`. */
  now: number = performance.now();
  readonly #entries = new Set<Expiring>();
  /** No entry expires before this time, so there is nothing to look for until then. */
  #soonest = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** Sets the deadline `ms` from now and watches it. */
  add(entry: Expiring, ms: number): void {
    this.now = performance.now();
    entry.expiresAt = this.now + ms;
    this.#soonest = Math.min(this.#soonest, entry.expiresAt);
    this.#entries.add(entry);
    this.#timer ??= setInterval(this.#tick, sweepTickMs).unref();
  }

  delete(entry: Expiring): void {
    this.#entries.delete(entry);
  }

  /** Stops the clock; nothing expires any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#entries.clear();
  }

  /** Looks over all entries; called by the timer. */
  readonly #tick = (): void => {
    this.now = performance.now();
    if (this.now < this.#soonest) return;
    this.#soonest = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries) {
      if (entry.expiresAt <= this.now) entry.expired();
      else this.#soonest = Math.min(this.#soonest, entry.expiresAt);
    }
    if (this.#entries.size === 0) this.stop();
  };
}
