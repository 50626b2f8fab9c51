/** A selected mailbox as one session sees it: sequence numbers change only where the client is told. */
import type { Mailbox, StoredMessage } from '../mail-store/mailbox.js';

/** A snapshot that is brought up to date at the places where RFC 3501 (section 7.4.1) allows it. */
export class View {
  readonly mailbox: Mailbox;
  readonly readOnly: boolean;
  #messages: readonly StoredMessage[];

  constructor(mailbox: Mailbox, readOnly: boolean) {
    this.mailbox = mailbox;
    this.readOnly = readOnly;
    this.#messages = mailbox.messages;
  }

  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }

  /** What the client must be told. Without `expunges` nothing is taken away, so numbers stay as they are. */
  sync(expunges: boolean): string {
    let told = '';
    const present = new Set(this.mailbox.messages);
    if (expunges) {
      for (let index = this.#messages.length - 1; index >= 0; index--) {
        const message = this.#messages[index];
        if (message !== undefined && !present.has(message))
          told += `* ${String(index + 1)} EXPUNGE\r\n`;
      }
      this.#messages = this.#messages.filter((message) => present.has(message));
    }
    const last = this.#messages.at(-1)?.uid ?? 0;
    const fresh = this.mailbox.messages.filter(({ uid }) => uid > last);
    if (fresh.length === 0) return told;
    this.#messages = [...this.#messages, ...fresh];
    return `${told}* ${String(this.#messages.length)} EXISTS\r\n`;
  }
}
