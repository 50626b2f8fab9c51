/** Answers that still hold. Bounded: the oldest entry makes room for a new one. */

/** Entries of one cache. */
const mostEntries = 10_000;
/** The longest an answer is kept where no `valid=` says otherwise. */
const longestMs = 3_600_000;

interface Entry<T> {
  readonly value: T;
  /** On the clock of `performance.now()`, which nobody sets. */
  readonly expiresAt: number;
}

/** Values by name, each for its time. */
export class Cache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #validMs: number;

  /** `validSeconds`: kept for so long whatever the record says; 0 = as long as the record says, at most an hour. */
  constructor(validSeconds: number) {
    this.#validMs = validSeconds * 1000;
  }

  /** Entries held, expired ones included. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of `key` if it still holds. */
  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (performance.now() < entry.expiresAt) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** Keeps a value for `ttl` seconds; 0 keeps nothing unless `valid=` is set. */
  set(key: string, value: T, ttl: number): void {
    const ms = this.#validMs > 0 ? this.#validMs : Math.min(ttl * 1000, longestMs);
    this.#entries.delete(key);
    if (ms === 0) return;
    const oldest = this.#entries.keys().next();
    if (this.#entries.size >= mostEntries && oldest.done !== true)
      this.#entries.delete(oldest.value);
    this.#entries.set(key, { value, expiresAt: performance.now() + ms });
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
  }
}
