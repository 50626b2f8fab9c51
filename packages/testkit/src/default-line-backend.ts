/** Automatic backends of protocols whose commands are one line each: POP3 and SMTP. Pure: bytes in, bytes out. */
import type { AutomaticBackend } from './default-backend.js';

/** Gives the answer to one line, with its line end; empty where nothing is to be said. */
export type LineAnswer = (line: string) => string;

const longestHeld = 1 << 20;

/** Answers line by line. */
export class LineBackend implements AutomaticBackend {
  readonly greeting: string;
  readonly #answer: LineAnswer;
  #unread: Buffer = Buffer.alloc(0);

  constructor(greeting: string, answer: LineAnswer) {
    this.greeting = greeting;
    this.#answer = answer;
  }

  push(bytes: Uint8Array): Buffer {
    this.#unread = Buffer.concat([this.#unread, bytes]).subarray(-longestHeld);
    let said = '';
    for (let end = this.#lineEnd(); end !== -1; end = this.#lineEnd()) {
      const line = this.#unread.toString('latin1', 0, end);
      this.#unread = this.#unread.subarray(end + 2);
      said += this.#answer(line);
    }
    return Buffer.from(said, 'latin1');
  }

  #lineEnd(): number {
    return this.#unread.indexOf('\r\n');
  }
}

const verbOf = (line: string): string => (line.split(' ')[0] ?? '').toUpperCase();

const popReplies: ReadonlyMap<string, string> = new Map([
  ['USER', '+OK'],
  ['PASS', '+OK logged in'],
  ['QUIT', '+OK bye'],
]);

/** A POP3 server (RFC 1939) that is content with everything. */
export const popAnswer: LineAnswer = (line) => `${popReplies.get(verbOf(line)) ?? '+OK done'}\r\n`;

const smtpReplies: ReadonlyMap<string, string> = new Map([
  ['EHLO', '250-backend\r\n250 XCLIENT ADDR LOGIN NAME'],
  ['HELO', '250 backend'],
  ['XCLIENT', '220 backend'],
  ['AUTH', '235 2.7.0 logged in'],
  ['MAIL', '250 2.1.0 OK'],
  ['RCPT', '250 2.1.5 OK'],
  ['DATA', '354 go on'],
  ['STARTTLS', '502 5.5.1 not here'],
  ['QUIT', '221 2.0.0 bye'],
]);

/** A new SMTP server (RFC 5321, Postfix's XCLIENT) that takes every message. */
export function smtpAnswerer(): LineAnswer {
  let inMessage = false;
  return (line) => {
    if (inMessage) {
      inMessage = line !== '.';
      return inMessage ? '' : '250 2.0.0 queued\r\n';
    }
    const verb = verbOf(line);
    inMessage = verb === 'DATA';
    return `${smtpReplies.get(verb) ?? '250 2.0.0 done'}\r\n`;
  };
}
