/**
 * The backends of transcripts that do not script one: each greets, lets everybody in, and answers every command with
 * its protocol's "done". Pure: bytes in, bytes out.
 */
import { LineBackend, popAnswer, smtpAnswerer } from './default-line-backend.js';

/** Answers of a backend to what it is told. */
export interface AutomaticBackend {
  readonly greeting: string;
  /** What is said to these bytes; empty while a command is incomplete. */
  push(bytes: Uint8Array): Buffer;
}

const largestCommand = 1 << 20;

/** A new automatic backend of a protocol. What is neither `pop3` nor `smtp` gets one that speaks IMAP. */
export function automaticBackend(protocol: string): AutomaticBackend {
  if (protocol === 'pop3') return new LineBackend('+OK ready\r\n', popAnswer);
  if (protocol === 'smtp') return new LineBackend('220 ready\r\n', smtpAnswerer());
  return new ImapAutomaticBackend();
}

/** Understands IMAP commands with quoted strings and with literals of both kinds. */
class ImapAutomaticBackend implements AutomaticBackend {
  readonly greeting = '* OK ready\r\n';
  #unread: Buffer = Buffer.alloc(0);
  #command = '';
  #literal = 0;

  push(bytes: Uint8Array): Buffer {
    this.#unread = Buffer.concat([this.#unread, bytes]).subarray(-largestCommand);
    let said = '';
    for (let line = this.#nextLine(); line !== undefined; line = this.#nextLine()) {
      said += this.#answer(line);
    }
    return Buffer.from(said, 'latin1');
  }

  #nextLine(): string | undefined {
    if (this.#unread.length < this.#literal) return undefined;
    const end = this.#unread.indexOf('\r\n', this.#literal);
    if (end === -1) return undefined;
    const line = this.#unread.toString('latin1', this.#literal, end);
    this.#unread = this.#unread.subarray(end + 2);
    this.#literal = 0;
    return line;
  }

  #answer(line: string): string {
    this.#command += line;
    const literal = announcedLiteral(line);
    if (literal !== undefined) {
      this.#literal = literal.length;
      return literal.waits ? '+ OK\r\n' : '';
    }
    const [tag = '', verb = ''] = this.#command.split(' ');
    this.#command = '';
    return reply(tag, verb.toUpperCase());
  }
}

function reply(tag: string, verb: string): string {
  if (verb === 'LOGIN') return `${tag} OK logged in\r\n`;
  return verb === 'LOGOUT' ? `* BYE\r\n${tag} OK done\r\n` : `${tag} OK done\r\n`;
}

/** The literal that a command line announces at its end: `{5}` waits for an invitation, `{5+}` does not. */
export function announcedLiteral(line: string): { length: number; waits: boolean } | undefined {
  const open = line.endsWith('}') ? line.lastIndexOf('{') : -1;
  if (open === -1) return undefined;
  const inside = line.slice(open + 1, -1);
  const digits = inside.endsWith('+') || inside.endsWith('-') ? inside.slice(0, -1) : inside;
  const length = Number(digits);
  if (digits === '' || !Number.isSafeInteger(length) || length < 0) return undefined;
  return { length, waits: digits === inside };
}
