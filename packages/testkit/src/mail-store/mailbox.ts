/** One mailbox in memory, shared by all sessions of a backend. Bounded in messages and bytes per message. */

/** A message that is stored. `flags` changes, everything else stays. */
export interface StoredMessage {
  readonly uid: number;
  readonly bytes: Buffer;
  readonly flags: Set<string>;
  readonly received: Date;
}

/** Limits of a mailbox. */
export interface MailboxLimits {
  /** Default 1000. */
  readonly messages?: number;
  /** Bytes of one message; default 1 MiB. */
  readonly messageBytes?: number;
}

/** Messages in the order of their UIDs. */
export class Mailbox {
  readonly name: string;
  readonly uidValidity: number;
  readonly maxMessages: number;
  readonly maxBytes: number;
  #uidNext = 1;
  #messages: StoredMessage[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(name: string, limits: MailboxLimits = {}) {
    this.name = name;
    this.uidValidity = 1;
    this.maxMessages = limits.messages ?? 1000;
    this.maxBytes = limits.messageBytes ?? 1 << 20;
  }

  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }

  get uidNext(): number {
    return this.#uidNext;
  }

  /** Number of messages that nobody has read. */
  get unseen(): number {
    return this.#messages.filter(({ flags }) => !flags.has('\\Seen')).length;
  }

  /** Stores a message; undefined when the mailbox is full or the message too large. */
  append(
    message: string | Uint8Array,
    flags: Iterable<string> = [],
    received = new Date(),
  ): StoredMessage | undefined {
    const bytes = Buffer.from(typeof message === 'string' ? Buffer.from(message) : message);
    if (this.#messages.length >= this.maxMessages || bytes.length > this.maxBytes) return undefined;
    const stored = { uid: this.#uidNext++, bytes, flags: new Set(flags), received };
    this.#messages = [...this.#messages, stored];
    this.#changed();
    return stored;
  }

  /** Removes messages. */
  remove(gone: ReadonlySet<StoredMessage>): void {
    this.#messages = this.#messages.filter((message) => !gone.has(message));
    this.#changed();
  }

  /** Calls `listener` when messages come or go; the returned function ends that. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
