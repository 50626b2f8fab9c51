/**
 * The IMAP parser: bytes in, commands out; the grammar is in scan.ts. One command, its literals included, may have
 * `imap_client_buffer` bytes; a burst of commands may be longer, unlike nginx's, whose buffer is emptied only when
 * all of it was used. After an overflow, or a wrong line behind which a literal follows unasked, it takes no more.
 */
import { HeldBytes, type Expectation, type Parsed, type Parser } from '@postern/core';
import { bareCommand, createCommand, type ImapCommand } from './command.js';
import { createScan, restartScan, type Argument, type Outcome } from './scan.js';

const lf = 0x0a;
const cr = 0x0d;
const plus = 0x2b;
const backslash = 0x5c;
const closeBrace = 0x7d;

/** A shorter line cannot announce a literal behind a tag and a verb: `{1+}` and LF. */
const shortestAnnouncement = 5;

/** What is made of a finished scan. */
type Finished = Exclude<Outcome, 'more'>;

/** Parses IMAP commands before login. */
export class ImapParser implements Parser<ImapCommand> {
  readonly #limit: number;
  readonly #held = new HeldBytes();
  readonly #scan;
  /** Bytes of the command that the scan has seen. */
  #seen = 0;
  #answer = false;
  #invited = false;
  #ended = false;

  /** `limit` is the greatest length of one command in bytes, line end and literals included. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#scan = createScan(limit);
  }

  get unread(): number {
    return this.#held.length;
  }

  push(bytes: Uint8Array): void {
    if (!this.#ended) this.#held.add(bytes);
  }

  next(expect: Expectation): Parsed<ImapCommand> | undefined {
    if (this.#invited && expect !== 'rest') this.#forgetCommand();
    this.#invited = false;
    if (this.#seen === 0 && expect !== 'rest') {
      this.#answer = expect === 'answer';
      restartScan(this.#scan, expect);
    }
    while (this.#seen < this.#held.length) {
      const outcome = this.#scan.step(this.#scan, this.#held.at(this.#seen), this.#seen);
      this.#seen += 1;
      if (outcome !== 'more') return this.#finish(outcome);
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
    this.#invited = false;
    this.#scan.quoted = false;
  }

  #finish(outcome: Finished): Parsed<ImapCommand> {
    switch (outcome) {
      case 'done':
        return this.#complete();
      case 'invitation':
        this.#invited = true;
        return { kind: 'invitation', command: this.#bare() };
      case 'invalid':
        return this.#invalid();
    }
  }

  #complete(): Parsed<ImapCommand> {
    const words = this.#scan.arguments.map((argument) => this.#word(argument));
    const { tag, name } = this.#bare();
    this.#forgetCommand();
    if (!this.#answer) return { kind: 'command', command: createCommand(tag, name, words) };
    return { kind: 'answer', line: words[0] ?? new Uint8Array(0) };
  }

  #invalid(): Parsed<ImapCommand> {
    const command = this.#bare();
    const fatal = this.#scan.unasked || this.#announcesLiteral();
    this.#forgetCommand();
    if (fatal) this.#end();
    return { kind: 'invalid', command, fatal };
  }

  #overflow(): Parsed<ImapCommand> {
    const command = this.#bare();
    const length = this.#seen;
    this.#end();
    return { kind: 'overflow', command, length };
  }

  /** The tag and verb so far. */
  #bare(): ImapCommand {
    return bareCommand(this.#held.copy(0, this.#scan.tagLength), this.#scan.verb);
  }

  #word({ from, to, escaped }: Argument): Uint8Array {
    const word = this.#held.copy(from, to);
    return escaped ? withoutBackslashes(word) : word;
  }

  /** Whether the line just read ends with `+}`: then a literal follows that must not be taken for commands. */
  #announcesLiteral(): boolean {
    if (this.#seen <= shortestAnnouncement) return false;
    let last = this.#seen - 1;
    if (this.#held.at(last) === lf) last -= 1;
    if (this.#held.at(last) === cr) last -= 1;
    return this.#held.at(last) === closeBrace && this.#held.at(last - 1) === plus;
  }

  #forgetCommand(): void {
    this.#held.drop(this.#seen);
    this.#seen = 0;
  }

  #end(): void {
    this.reset();
    this.#ended = true;
  }
}

/** Takes the backslashes of a quoted string away and keeps the character behind each. */
function withoutBackslashes(word: Uint8Array): Uint8Array {
  const plain: number[] = [];
  for (let at = 0; at < word.length; at += 1) {
    if (word[at] === backslash) at += 1;
    plain.push(word[at] ?? 0);
  }
  return Uint8Array.from(plain);
}
