/** Things that arrive one after the other (requests, connections), kept, and waited for by tests. */
import { NotReceived } from './errors.js';

/** A list that grows, and a cursor with which a test waits for the next one. */
export class Arrivals<T> {
  readonly #all: T[] = [];
  readonly #keep: number;
  #dropped = 0;
  #taken = 0;
  readonly #waiters: ((thing: T) => void)[] = [];

  /** Keeps the last `keep` things at least. */
  constructor(keep = Number.POSITIVE_INFINITY) {
    this.#keep = keep;
  }

  /** What is kept, oldest first. */
  get all(): readonly T[] {
    return this.#all;
  }

  /** How many have arrived. */
  get count(): number {
    return this.#dropped + this.#all.length;
  }

  add(thing: T): void {
    this.#all.push(thing);
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      this.#taken += 1;
      waiter(thing);
    }
    // Dropping the older half at once keeps the cost per arrival constant.
    if (this.#all.length >= 2 * this.#keep) {
      this.#all.splice(0, this.#keep);
      this.#dropped += this.#keep;
    }
  }

  /** The first one not yet taken, waiting for it up to `deadlineMs`. */
  next(what: string, deadlineMs: number): Promise<T> {
    this.#taken = Math.max(this.#taken, this.#dropped);
    const ready = this.#all[this.#taken - this.#dropped];
    if (ready !== undefined && this.#waiters.length === 0) {
      this.#taken += 1;
      return Promise.resolve(ready);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(new NotReceived(what, '', `which did not come within ${String(deadlineMs)} ms`));
      }, deadlineMs);
      const waiter = (thing: T): void => {
        clearTimeout(timer);
        resolve(thing);
      };
      this.#waiters.push(waiter);
    });
  }
}
