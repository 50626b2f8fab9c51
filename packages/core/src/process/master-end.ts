/** How a master ends (the loop of ngx_master_process_cycle): it tells its workers, and goes when the last one is gone. */
import type { Generation } from './generation.js';

/** `quit` lets sessions end, `terminate` drops them. */
export type End = 'quit' | 'terminate';

/** Workers that are to terminate are told again after this many ms, then after twice as long each time. */
const firstDelayMs = 50;
/** A delay above this many ms is the last: after it workers are killed. */
const longestDelayMs = 1000;

/** The end of a master, whether or not it has begun. */
export class Ending {
  readonly #generations: Set<Generation>;
  /** Resolves when the end has begun and no worker lives. */
  readonly done: Promise<void>;
  #resolve: () => void = () => undefined;
  #begun: End | undefined;
  #repeat: NodeJS.Timeout | undefined;

  /** @param generations - all that may have workers; who has none any more is taken out. */
  constructor(generations: Set<Generation>) {
    this.#generations = generations;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get hasBegun(): boolean {
    return this.#begun !== undefined;
  }

  /** Begins the end, or hurries it. */
  begin(end: End): void {
    if (this.#begun === 'terminate' || this.#begun === end) return;
    this.#begun = end;
    for (const generation of this.#generations) generation[end]();
    if (end === 'terminate') this.#insist(firstDelayMs);
    this.look();
  }

  /** Called when a worker has gone for good. */
  look(): void {
    for (const generation of this.#generations) {
      if (!generation.isAlive) this.#generations.delete(generation);
    }
    if (this.#begun === undefined || this.#generations.size > 0) return;
    clearTimeout(this.#repeat);
    this.#resolve();
  }

  #insist(delayMs: number): void {
    this.#repeat = setTimeout(() => {
      const isLast = delayMs > longestDelayMs;
      for (const generation of this.#generations) generation[isLast ? 'kill' : 'terminate']();
      this.#insist(isLast ? delayMs : 2 * delayMs);
    }, delayMs);
  }
}
