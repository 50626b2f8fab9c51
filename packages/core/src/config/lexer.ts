/**
 * nginx's tokens (`ngx_conf_read_token`): words, `;`, `{` and `}`.
 *
 * Words end at a blank, `;` or `{`; `}` ends nothing. Quotes and `#` count at the start of a word only. `\"`, `\'`,
 * `\\`, `\t`, `\r`, `\n` are replaced; another character after a backslash only loses its meaning. `{` after `$`
 * is part of the word. A word, or a comment, may have 4096 bytes from its first to the one that ends it, the size of
 * nginx's buffer. Words are UTF-8. Reads every byte once.
 */
import { isUtf8 } from 'node:buffer';
import type { SourceRef } from './directive.js';
import { notUtf8, tooLong, unexpected } from './errors.js';

const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const doubleQuote = 0x22;
const hash = 0x23;
const dollar = 0x24;
const singleQuote = 0x27;
const closeParenthesis = 0x29;
const semicolon = 0x3b;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

const longestWord = 4096;

/** One token. `end` has `inWord` set where the text ended before the word did. */
export type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: ';' | '{' | '}' }
  | { readonly kind: 'end'; readonly inWord: boolean };

const terminator: Token = { kind: ';' };
const opening: Token = { kind: '{' };
const closing: Token = { kind: '}' };
const end: Token = { kind: 'end', inWord: false };
const endInWord: Token = { kind: 'end', inWord: true };

const escapes: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' };

function unescape(text: string): string {
  return text.replace(/\\(["'\\trn])/g, (_pair, char: string) => escapes[char] ?? char);
}

function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === lineFeed || byte === tab || byte === carriageReturn;
}

/** Tokens of one file, or of the parameter of `-g` (`file` is `undefined`), which knows no length limit. */
export class Lexer {
  readonly #bytes: Buffer;
  readonly #file: string | undefined;
  readonly #limit: number;
  readonly #isUtf8: boolean;
  #position = 0;
  #line = 1;
  #hasEscape = false;

  constructor(bytes: Buffer, file: string | undefined) {
    this.#bytes = bytes;
    this.#file = file;
    this.#limit = file === undefined ? Infinity : longestWord;
    this.#isUtf8 = isUtf8(bytes);
  }

  /** The place where the lexer stands: after the token that was read last. */
  get at(): SourceRef {
    return { file: this.#file, line: this.#line };
  }

  /** The next token. Throws a ConfigError for a byte that may not stand where it does, or a word that is too long. */
  next(): Token {
    this.#skipBlanks();
    const byte = this.#bytes[this.#position];
    switch (byte) {
      case undefined:
        return end;
      case semicolon:
        this.#position++;
        return terminator;
      case openBrace:
        this.#position++;
        return opening;
      case closeBrace:
        this.#position++;
        return closing;
      case doubleQuote:
      case singleQuote:
        return this.#quoted(byte);
      default:
        return this.#bare();
    }
  }

  #skipBlanks(): void {
    for (;;) {
      const byte = this.#bytes[this.#position];
      if (byte === hash) {
        this.#skipComment();
        continue;
      }
      if (!isBlank(byte)) return;
      if (byte === lineFeed) this.#line++;
      this.#position++;
    }
  }

  #skipComment(): void {
    const start = this.#position;
    const found = this.#bytes.indexOf(lineFeed, start);
    const last = found === -1 ? this.#bytes.length - 1 : found;
    if (last - start >= this.#limit) throw this.#tooLong(start, this.#line);
    this.#position = last + 1;
    if (found !== -1) this.#line++;
  }

  #bare(): Token {
    const start = this.#position;
    const startLine = this.#line;
    this.#hasEscape = false;
    let afterDollar = false;
    for (let index = start; index < this.#bytes.length; index++) {
      if (index - start === this.#limit) throw this.#tooLong(start, startLine);
      const byte = this.#bytes[index];
      if (byte === openBrace && afterDollar) continue;
      afterDollar = byte === dollar;
      if (byte === backslash) {
        index = this.#escaped(index, start, startLine);
      } else if (isBlank(byte) || byte === semicolon || byte === openBrace) {
        this.#position = index;
        this.#checkBlankAfter(byte, start, startLine);
        return this.#word(start, index, startLine);
      }
    }
    this.#position = this.#bytes.length;
    return endInWord;
  }

  #quoted(quote: number): Token {
    const start = this.#position + 1;
    const startLine = this.#line;
    this.#hasEscape = false;
    for (let index = start; index < this.#bytes.length; index++) {
      if (index - start === this.#limit) throw this.#tooLong(start, startLine, quote);
      const byte = this.#bytes[index];
      if (byte === backslash) {
        index = this.#escaped(index, start, startLine, quote);
      } else if (byte === quote) {
        this.#position = index + 1;
        this.#checkAfterQuote(start, startLine);
        return this.#word(start, index, startLine);
      } else if (byte === lineFeed) {
        this.#line++;
      }
    }
    this.#position = this.#bytes.length;
    return endInWord;
  }

  /** Passes the byte after the backslash at `index`; gives the index of that byte. */
  #escaped(index: number, start: number, startLine: number, quote?: number): number {
    const next = index + 1;
    this.#hasEscape = true;
    if (next < this.#bytes.length && next - start === this.#limit) {
      throw this.#tooLong(start, startLine, quote);
    }
    if (this.#bytes[next] === lineFeed) this.#line++;
    return next;
  }

  #checkAfterQuote(start: number, startLine: number): void {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) return;
    if (this.#position - start === this.#limit) throw this.#tooLong(start, startLine);
    const isAllowed =
      isBlank(byte) || byte === semicolon || byte === openBrace || byte === closeParenthesis;
    if (!isAllowed) throw unexpected(String.fromCharCode(byte), this.at);
    this.#checkBlankAfter(byte, start, startLine);
  }

  /**
   * nginx lets go of a word when it reads the byte after the blank that ended it: a blank that takes the last byte of
   * the buffer makes the word too long, unless it ends the file.
   */
  #checkBlankAfter(byte: number | undefined, start: number, startLine: number): void {
    const isLast = this.#position + 1 >= this.#bytes.length;
    if (isLast || this.#position - start !== this.#limit - 1 || !isBlank(byte)) return;
    throw this.#tooLong(start, startLine);
  }

  #word(start: number, stop: number, startLine: number): Token {
    if (!this.#isUtf8 && !isUtf8(this.#bytes.subarray(start, stop))) {
      throw notUtf8({ file: this.#file, line: startLine });
    }
    const text = this.#bytes.toString('utf8', start, stop);
    return { kind: 'word', text: this.#hasEscape ? unescape(text) : text };
  }

  #tooLong(start: number, line: number, quote?: number): Error {
    const shown = this.#bytes.toString('utf8', start, start + 10);
    const char = quote === undefined ? undefined : String.fromCharCode(quote);
    return tooLong(char, shown, { file: this.#file, line });
  }
}
