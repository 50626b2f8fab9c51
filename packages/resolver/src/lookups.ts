/** Look-ups of one kind by name: what is known is answered at once, and what is asked already is asked once. */
import type { Answer, Outcome } from './answer.js';
import { Cache } from './cache.js';
import { PendingLookup, type Waiter } from './pending-lookup.js';

/** Looks `key` up; undefined when `signal` was aborted. */
export type LookUp<T> = (key: string, signal: AbortSignal) => Promise<Outcome<T> | undefined>;

/** Look-ups of one kind. */
export class Lookups<T> {
  readonly #lookUp: LookUp<T>;
  readonly #cache: Cache<T>;
  readonly #pending = new Map<string, PendingLookup<T>>();

  /** `validSeconds` as in {@link Cache}. */
  constructor(lookUp: LookUp<T>, validSeconds: number) {
    this.#lookUp = lookUp;
    this.#cache = new Cache(validSeconds);
  }

  /** The answer for `key`, after at most `timeoutMs`. */
  get(key: string, waiter: Waiter, timeoutMs: number): Promise<Answer<T>> {
    if (waiter.closed) return Promise.resolve({ kind: 'abandoned' });
    const value = this.#cache.get(key);
    if (value !== undefined) return Promise.resolve({ kind: 'found', value });
    const pending = this.#pending.get(key) ?? this.#start(key);
    return pending.wait(waiter, timeoutMs);
  }

  /** Sends away all who wait, and forgets all answers. */
  end(): void {
    for (const pending of [...this.#pending.values()]) pending.settle({ kind: 'abandoned' });
    this.#cache.clear();
  }

  #start(key: string): PendingLookup<T> {
    const pending = new PendingLookup<T>();
    this.#pending.set(key, pending);
    const answer = this.#lookUp(key, pending.signal).then((outcome) => this.#keep(key, outcome));
    // No longer pending before anybody is told, since who is told may ask again.
    const over = (): void => {
      if (this.#pending.get(key) === pending) this.#pending.delete(key);
    };
    const tell = (): void => {
      over();
      pending.settle(answer);
    };
    pending.signal.addEventListener('abort', over, { once: true });
    answer.then(tell, tell);
    return pending;
  }

  #keep(key: string, outcome: Outcome<T> | undefined): Answer<T> {
    if (outcome === undefined) return { kind: 'abandoned' };
    if (outcome.kind === 'failed') return outcome;
    this.#cache.set(key, outcome.value, outcome.ttl);
    return { kind: 'found', value: outcome.value };
  }
}
