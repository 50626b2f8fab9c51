/**
 * The SMTP parser: bytes in, commands out; the grammar is in scan.ts. One command may have `smtp_client_buffer` bytes;
 * a burst of commands may be longer, unlike nginx's, whose buffer is emptied only when all of it was used. After an
 * overflow it takes no more.
 */
import { HeldBytes, type Expectation, type Parsed, type Parser } from '@postern/core';
import { bareCommand, createCommand, type SmtpCommand } from './command.js';
import { createScan, restartScan } from './scan.js';

const nothing = new Uint8Array(0);

/** Parses SMTP commands before login. */
export class SmtpParser implements Parser<SmtpCommand> {
  readonly #limit: number;
  readonly #held = new HeldBytes();
  readonly #scan = createScan();
  /** Bytes of the command that the scan has seen. */
  #seen = 0;
  #answer = false;
  #ended = false;

  /** `limit` is the greatest length of one command in bytes, line end included. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get unread(): number {
    return this.#held.length;
  }

  push(bytes: Uint8Array): void {
    if (!this.#ended) this.#held.add(bytes);
  }

  next(expect: Expectation): Parsed<SmtpCommand> | undefined {
    if (this.#seen === 0) {
      this.#answer = expect === 'answer';
      restartScan(this.#scan, this.#answer ? 'answer' : 'command');
    }
    while (this.#seen < this.#held.length) {
      const outcome = this.#scan.step(this.#scan, this.#held.at(this.#seen), this.#seen);
      this.#seen += 1;
      if (outcome === 'done') return this.#complete();
      if (outcome === 'invalid') return this.#invalid();
      if (this.#seen >= this.#limit) return this.#overflow();
    }
    this.#held.retain();
    return undefined;
  }

  retain(): void {
    this.#held.retain();
  }

  takeUnread(): Uint8Array {
    const unread = this.#held.copy(0, this.#held.length);
    this.reset();
    return unread;
  }

  reset(): void {
    this.#held.clear();
    this.#seen = 0;
  }

  #complete(): Parsed<SmtpCommand> {
    const { verb, arguments: found } = this.#scan;
    const words = found.map(({ from, to }) => this.#held.copy(from, to));
    const typed = verb === 'AUTH' || this.#answer ? nothing : this.#held.copy(0, this.#seen);
    this.#forgetCommand();
    if (this.#answer) return { kind: 'answer', line: words[0] ?? nothing };
    return { kind: 'command', command: createCommand(verb, words, typed) };
  }

  #invalid(): Parsed<SmtpCommand> {
    this.#forgetCommand();
    return { kind: 'invalid', command: bareCommand(this.#scan.verb), fatal: false };
  }

  #overflow(): Parsed<SmtpCommand> {
    const length = this.#seen;
    this.reset();
    this.#ended = true;
    return { kind: 'overflow', command: bareCommand(this.#scan.verb), length };
  }

  #forgetCommand(): void {
    this.#held.drop(this.#seen);
    this.#seen = 0;
  }
}
