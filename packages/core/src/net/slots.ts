/**
 * `worker_connections`: every socket of a worker (listener, client, auth, backend) takes one slot, and every connection
 * a number for the log (`*16`).
 */
export class ConnectionSlots {
  /** The configured limit. */
  readonly limit: number;
  /** Called after each release, for those who wait until connections are gone. */
  released: (() => void) | undefined = undefined;
  /** Asked in turn when none is left: each gives a slot back that it holds for later use, and says whether it did. */
  readonly spares = new Set<() => boolean>();
  #used = 0;
  #last = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Slots taken now. */
  get used(): number {
    return this.#used;
  }

  /** Takes a slot. Returns the connection's number, or undefined when none is left. */
  take(): number | undefined {
    if (this.#used >= this.limit && !this.#makeRoom()) return undefined;
    this.#used += 1;
    this.#last += 1;
    return this.#last;
  }

  #makeRoom(): boolean {
    for (const giveBack of this.spares) if (giveBack()) return true;
    return false;
  }

  /** Takes a slot for what is no connection of a peer (a listener, the channel to the master): it has no number. */
  reserve(): void {
    this.#used += 1;
  }

  /** Gives a slot back; once per successful `take`, or per `reserve`. */
  release(): void {
    this.#used -= 1;
    this.released?.();
  }

  /** nginx's sentence for the alert when none is left. */
  get exhausted(): string {
    return `${this.limit} worker_connections are not enough`;
  }
}
