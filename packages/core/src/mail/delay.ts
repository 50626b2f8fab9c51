/** A wait that the auth service asked for (`Auth-Wait`), held without a timer and given up when the client leaves. */
import type { Expiring, Sweep } from '../net/sweep.js';
import type { Session } from './session.js';

class Delay implements Expiring {
  expiresAt = 0;
  readonly #session: Session;
  readonly #sweep: Sweep;
  readonly #done: () => void;

  constructor(session: Session, sweep: Sweep, done: () => void) {
    this.#session = session;
    this.#sweep = sweep;
    this.#done = done;
  }

  start(ms: number): void {
    this.#session.onAbandon(this.#end);
    this.#sweep.add(this, ms);
  }

  expired(): void {
    this.#session.offAbandon(this.#end);
    this.#end();
  }

  readonly #end = (): void => {
    this.#sweep.delete(this);
    this.#done();
  };
}

/** Resolves after `ms`, or earlier when the session's attempt is abandoned. */
export function delay(session: Session, sweep: Sweep, ms: number): Promise<void> {
  return new Promise((resolve) => {
    new Delay(session, sweep, resolve).start(ms);
  });
}
