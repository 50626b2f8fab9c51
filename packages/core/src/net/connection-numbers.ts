/**
 * The numbers of connections in the log (`*16`): 1, 2, 3 … in one process. nginx has one count for all workers in memory
 * that they share (`ngx_connection_counter`); here a master hands out blocks of numbers, so that a worker takes one
 * without asking anybody.
 */

/** The numbers from `from` on, below `to`. */
export interface NumberBlock {
  readonly from: number;
  readonly to: number;
}

/** What a worker begins with. */
export interface NumberShare {
  readonly first: NumberBlock;
  /** Where numbers begin that nobody else has, far behind all others: for when a next block does not come in time. */
  readonly reserve: number;
}

/** The largest block that is asked for. */
const mostNumbers = 4096;

/** Gives a number to each connection; none is given twice. */
export class ConnectionNumbers {
  readonly #ask: (count: number) => void;
  #next: number;
  #end: number;
  #askAt: number;
  #reserve: number;
  #waiting: NumberBlock | undefined;

  /** @param ask - called for a next block of `count` numbers, well before this one is used up. */
  constructor(share: NumberShare = unlimited, ask: (count: number) => void = () => undefined) {
    this.#ask = ask;
    this.#reserve = share.reserve;
    this.#next = share.first.from;
    this.#end = share.first.to;
    this.#askAt = middleOf(share.first);
  }

  /** The next number. */
  take(): number {
    if (this.#next === this.#end && !this.#turn()) {
      this.#reserve += 1;
      return this.#reserve - 1;
    }
    const number = this.#next;
    this.#next += 1;
    if (number === this.#askAt) this.#ask(Math.min(mostNumbers, 2 * this.#size));
    return number;
  }

  /** The block that was asked for. */
  add(block: NumberBlock): void {
    this.#waiting = block;
  }

  get #size(): number {
    return 2 * (this.#end - this.#askAt);
  }

  #turn(): boolean {
    const block = this.#waiting;
    if (block === undefined) return false;
    this.#waiting = undefined;
    this.#next = block.from;
    this.#end = block.to;
    this.#askAt = middleOf(block);
    return true;
  }
}

/** All numbers, for a process that counts by itself. */
const unlimited: NumberShare = {
  first: { from: 1, to: Number.MAX_SAFE_INTEGER },
  reserve: Number.MAX_SAFE_INTEGER,
};

function middleOf({ from, to }: NumberBlock): number {
  return from + Math.floor((to - from) / 2);
}
