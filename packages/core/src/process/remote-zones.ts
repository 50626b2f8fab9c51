/**
 * The worker's side of `ssl_session_cache shared`: sessions are in the zones of its master, which all workers ask. It is
 * not asked while a zone can have none, since every client of TLS 1.3 sends an identifier that nobody has given it. A
 * master that does not answer in time is a session that was not found: the client then makes a full handshake.
 */
import type { ZoneHost } from '../mail/modules/ssl/session-zone.js';
import type { FindWish, KeepWish, ZoneUse } from './channel.js';

/** Milliseconds that a handshake waits for the master. */
const patienceMs = 250;
/** Sessions on their way to the master; more are not kept. */
const mostUnsent = 256;
/** Questions that wait for an answer; no more are asked. */
const mostQuestions = 1024;

/** Sends to the master; resolves when the message has left. */
export type Tell = (wish: KeepWish | FindWish) => Promise<void>;

interface Question {
  readonly found: (session: Buffer | undefined) => void;
  readonly limit: NodeJS.Timeout;
}

/** The zones of the master. */
export class RemoteZones implements ZoneHost {
  readonly #tell: Tell;
  /** Until when each zone may have sessions. */
  readonly #inUse = new Map<string, number>();
  /** Called when their zone is known to be in use. */
  readonly #waits = new Set<{ readonly zone: string; readonly done: () => void }>();
  readonly #questions = new Map<number, Question>();
  #last = 0;
  #unsent = 0;
  /** Whether the master owes an answer that nobody waits for any more: then it is not asked. */
  #isSilent = false;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  put(zone: string, id: Buffer, session: Buffer, lifeMs: number): Promise<void> | undefined {
    if (this.#unsent >= mostUnsent) return undefined;
    this.#unsent += 1;
    void this.#tell({ kind: 'keep', zone, id, session, lifeMs }).then(() => {
      this.#unsent -= 1;
    });
    // The client may come back to another worker at once, which must know by then that there is something to ask for.
    return this.#isInUse(zone) ? undefined : this.#use(zone);
  }

  get(zone: string, id: Buffer): Promise<Buffer | undefined> | undefined {
    if (!this.#isInUse(zone) || this.#isSilent) return undefined;
    if (this.#questions.size >= mostQuestions) return undefined;
    this.#last += 1;
    const question = this.#last;
    return new Promise((found) => {
      const limit = setTimeout(() => {
        this.#isSilent = true;
        this.#settle(question, undefined);
      }, patienceMs);
      this.#questions.set(question, { found, limit });
      void this.#tell({ kind: 'find', question, zone, id });
    });
  }

  /** From now on the zone is asked, for a while. */
  use({ zone, forMs }: ZoneUse): void {
    this.#inUse.set(zone, performance.now() + forMs);
    for (const wait of this.#waits) if (wait.zone === zone) wait.done();
  }

  /** The master's answer. Answers come in the order of the questions. */
  answer(question: number, session: Uint8Array | undefined): void {
    this.#isSilent = false;
    this.#settle(question, session === undefined ? undefined : Buffer.from(session));
  }

  #isInUse(zone: string): boolean {
    return performance.now() < (this.#inUse.get(zone) ?? 0);
  }

  /** Resolves when all workers have been told that the zone is in use. */
  #use(zone: string): Promise<void> {
    return new Promise((resolve) => {
      const wait = {
        zone,
        done: () => {
          clearTimeout(limit);
          this.#waits.delete(wait);
          resolve();
        },
      };
      const limit = setTimeout(wait.done, patienceMs);
      this.#waits.add(wait);
    });
  }

  #settle(number: number, session: Buffer | undefined): void {
    const question = this.#questions.get(number);
    if (question === undefined) return;
    this.#questions.delete(number);
    clearTimeout(question.limit);
    question.found(session);
  }
}
