/**
 * The POP3 parser: bytes in, commands out; the grammar is in line.ts. One line may have `pop3_client_buffer` bytes; a
 * burst of commands may be longer, unlike nginx's, whose 128 bytes are emptied only when all of them were used. After
 * an overflow it takes no more.
 */
import { HeldBytes, type Expectation, type Parsed, type Parser } from '@postern/core';
import { createCommand, type Pop3Command } from './command.js';
import { readAnswer, readCommand, readVerb } from './line.js';

const lf = 0x0a;
const cr = 0x0d;

/** Bytes that show the verb and what stands behind it. */
const verbRoom = 5;

/** Parses POP3 commands before login. */
export class Pop3Parser implements Parser<Pop3Command> {
  readonly #limit: number;
  readonly #held = new HeldBytes();
  /** Bytes of the line in which there is no LF. */
  #seen = 0;
  #ended = false;

  /** `limit` is the greatest length of one line in bytes, line end included. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get unread(): number {
    return this.#held.length;
  }

  push(bytes: Uint8Array): void {
    if (!this.#ended) this.#held.add(bytes);
  }

  next(expect: Expectation): Parsed<Pop3Command> | undefined {
    while (this.#seen < this.#held.length) {
      if (this.#held.at(this.#seen) === lf) return read(this.#takeLine(), expect);
      this.#seen += 1;
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

  /** The line whose LF was found, without its line end. */
  #takeLine(): Uint8Array {
    const length = this.#seen;
    const isCrLf = length > 0 && this.#held.at(length - 1) === cr;
    const line = this.#held.copy(0, isCrLf ? length - 1 : length);
    this.#held.drop(length + 1);
    this.#seen = 0;
    return line;
  }

  #overflow(): Parsed<Pop3Command> {
    const length = this.#seen;
    const verb = readVerb(this.#held.copy(0, Math.min(length, verbRoom)));
    this.reset();
    this.#ended = true;
    return { kind: 'overflow', command: createCommand(verb), length };
  }
}

function read(line: Uint8Array, expect: Expectation): Parsed<Pop3Command> {
  if (expect === 'answer') {
    const answer = readAnswer(line);
    return answer === undefined ? invalid('') : { kind: 'answer', line: answer };
  }
  const command = readCommand(line);
  return command === undefined ? invalid(readVerb(line)) : { kind: 'command', command };
}

function invalid(verb: Pop3Command['name']): Parsed<Pop3Command> {
  return { kind: 'invalid', command: createCommand(verb), fatal: false };
}
