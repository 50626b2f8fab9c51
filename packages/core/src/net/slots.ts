/**
 * `worker_connections`: every socket of a worker (listener, channel, client, auth, backend) takes one slot, and every
 * connection a number for the log (`*16`).
 */
import { ConnectionNumbers } from './connection-numbers.js';

/** The slots of one configuration. */
export class ConnectionSlots {
  /** The configured limit. */
  readonly limit: number;
  /** Called after each release, for those who wait until connections are gone. */
  released: (() => void) | undefined = undefined;
  /** Asked in turn when none is left: each gives a slot back that it holds for later use, and says whether it did. */
  readonly spares = new Set<() => boolean>();
  /** Where numbers come from. */
  numbers = new ConnectionNumbers();
  #free: number;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
    this.#free = limit;
  }

  /** Slots taken now. */
  get used(): number {
    return this.#used;
  }

  /** Takes a slot. Returns the connection's number, or undefined when none is left. */
  take(): number | undefined {
    return this.occupy() ? this.numbers.take() : undefined;
  }

  /** Takes a slot for what is no connection and has no number; whether one was left. */
  occupy(): boolean {
    if (this.#free <= 0 && !this.#makeRoom()) return false;
    this.#free -= 1;
    this.#used += 1;
    return true;
  }

  #makeRoom(): boolean {
    for (const giveBack of this.spares) if (giveBack()) return true;
    return false;
  }

  /** Takes a slot for good, without counting it as used. */
  reserve(): void {
    this.#free -= 1;
  }

  /** Gives a slot back; once per successful `take` or `occupy`. */
  release(): void {
    this.#free += 1;
    this.#used -= 1;
    this.released?.();
  }

  /** nginx's sentence for the alert when none is left. */
  get exhausted(): string {
    return `${this.limit} worker_connections are not enough`;
  }
}
