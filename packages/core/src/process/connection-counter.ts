/** The master's side of connection numbers: one count for the workers of all its configurations, kept over reloads. */
import type { NumberBlock, NumberShare } from '../net/connection-numbers.js';

/** Numbers of the first block of a worker that is alone: more than can come in one turn of its event loop. */
const firstAlone = 2048;
/** The same of one of several, who takes one client in a turn. What the others log differs less from their number. */
const firstOfSeveral = 256;
/** Numbers that a worker has for itself, far behind all others. */
const reserveSize = 2 ** 32;

/** One count. */
export class ConnectionCounter {
  #next = 1;
  #starts = 0;

  /** What one of `workers` begins with. */
  share(workers: number): NumberShare {
    this.#starts += 1;
    const first = this.next(workers > 1 ? firstOfSeveral : firstAlone);
    return { first, reserve: this.#starts * reserveSize };
  }

  /** The next `count` numbers. */
  next(count: number): NumberBlock {
    const from = this.#next;
    this.#next += count;
    return { from, to: this.#next };
  }
}
