/** What the commands of one SMTP session work on, and the form of their answers. */
import type { LineReply } from '../line-server.js';
import type { LoginCheck } from '../mail-store/login-check.js';
import type { Mailbox } from '../mail-store/mailbox.js';

/** A session as commands see it. */
export interface SmtpSession {
  readonly mailbox: Mailbox;
  readonly check: LoginCheck;
  /** The name that HELO or EHLO gave. */
  helo: string;
  /** What XCLIENT said about the client. */
  readonly client: Map<ClientFact, string>;
  /** The login, by AUTH or by XCLIENT. */
  user: string | undefined;
  /** The sender, once there is one; may be empty (`MAIL FROM:<>`). */
  sender: string | undefined;
  readonly recipients: string[];
  /** The message that is being received. */
  message: MessageText | undefined;
  /** Whether the answer to `AUTH PLAIN` is awaited. */
  awaitsPassword: boolean;
}

/** The attributes of XCLIENT that are used; others are accepted and forgotten. */
export const clientFacts = ['ADDR', 'NAME', 'LOGIN'] as const;
export type ClientFact = (typeof clientFacts)[number];

/** Lines of a message, up to a limit; what comes behind it is counted and dropped. */
export class MessageText {
  readonly #maxBytes: number;
  #lines: Buffer[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Adds a line that comes without CRLF; a leading dot was added by the client (RFC 5321, section 4.5.2). */
  add(line: Buffer): void {
    const text = line[0] === 0x2e ? line.subarray(1) : line;
    this.#size += text.length + 2;
    if (this.#size > this.#maxBytes) this.#lines = [];
    else this.#lines.push(text, Buffer.from('\r\n'));
  }

  /** The message, or undefined if it is too large. */
  get bytes(): Buffer | undefined {
    return this.#size > this.#maxBytes ? undefined : Buffer.concat(this.#lines);
  }
}

/** Performs a command; `rest` is what follows its name, without the space. */
export type Handler = (session: SmtpSession, rest: string) => LineReply;

/** A reply of one line; `code` with its enhanced code, for instance `250 2.1.0`. */
export const reply = (code: string, text: string): LineReply => ({ text: `${code} ${text}\r\n` });

/** Forgets the message under way: RSET, a new HELO, and after each message. */
export function resetMail(session: SmtpSession): void {
  session.sender = undefined;
  session.recipients.length = 0;
  session.message = undefined;
}
