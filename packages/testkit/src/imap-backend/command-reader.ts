/** Bytes from a client to commands: gathers lines and literals, within limits. */
import { announcedLiteral } from '../default-backend.js';
import { tokenize, wordOf, type Token } from './tokens.js';

/** A command that is complete. */
export interface ImapCommand {
  readonly tag: string;
  /** Upper case. */
  readonly name: string;
  readonly args: readonly Token[];
}

/** What was read. */
export type ReadEvent =
  | { readonly kind: 'command'; readonly command: ImapCommand }
  /** The client waits for `+` before it sends a literal. */
  | { readonly kind: 'invite' }
  | { readonly kind: 'malformed'; readonly tag: string }
  /** Over a limit; what follows cannot be understood. */
  | { readonly kind: 'tooLong'; readonly tag: string };

const longestLine = 8192;
const mostLiterals = 16;

/** Reads the commands of one connection. */
export class CommandReader {
  readonly #maxLiteral: number;
  #unread: Buffer = Buffer.alloc(0);
  #parts: (string | Buffer)[] = [];
  #literal: number | undefined;

  /** `maxLiteral`: bytes that one literal may have. */
  constructor(maxLiteral: number) {
    this.#maxLiteral = maxLiteral;
  }

  push(bytes: Uint8Array): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
  }

  /** The next thing read, or undefined while more bytes are needed. */
  next(): ReadEvent | undefined {
    if (this.#literal !== undefined) {
      if (this.#unread.length < this.#literal) return undefined;
      this.#parts.push(this.#take(this.#literal));
      this.#literal = undefined;
    }
    const line = this.line();
    if (line === undefined) {
      return this.isLineTooLong ? this.#tooLong() : undefined;
    }
    const literal = announcedLiteral(line);
    if (literal === undefined) return this.#complete(line);
    this.#parts.push(line.slice(0, line.lastIndexOf('{')));
    if (literal.length > this.#maxLiteral || this.#parts.length > 2 * mostLiterals) {
      return this.#tooLong();
    }
    this.#literal = literal.length;
    return literal.waits ? { kind: 'invite' } : this.next();
  }

  /** The next line as it is, for the answers of AUTHENTICATE and IDLE. */
  line(): string | undefined {
    const end = this.#unread.indexOf('\n');
    if (end === -1 || end > longestLine) return undefined;
    const line = this.#take(end + 1).toString('latin1');
    return line.endsWith('\r\n') ? line.slice(0, -2) : line.slice(0, -1);
  }

  /** Whether so much is held without a line end that none may come any more. */
  get isLineTooLong(): boolean {
    return this.#unread.length > longestLine;
  }

  #take(count: number): Buffer {
    const bytes = Buffer.from(this.#unread.subarray(0, count));
    this.#unread = this.#unread.subarray(count);
    return bytes;
  }

  #complete(line: string): ReadEvent {
    const parts = [...this.#parts, line];
    const tag = this.#tag(line);
    this.#parts = [];
    const [, name, ...args] = tokenize(parts) ?? [];
    if (name === undefined) return { kind: 'malformed', tag };
    return { kind: 'command', command: { tag, name: wordOf(name), args } };
  }

  #tooLong(): ReadEvent {
    return { kind: 'tooLong', tag: this.#tag('') };
  }

  #tag(line: string): string {
    const [first = line] = this.#parts;
    const [tag = ''] = String(first).split(' ');
    return tag === '' || tag.length > 64 ? '*' : tag;
  }
}
