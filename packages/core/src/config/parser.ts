/**
 * nginx's statements (`ngx_conf_parse`): a name, words, and `;` or `{`. The reader of a file pulls one after another
 * and says whether it stands in a block, so the end of a block, of a file and of `-g` are told apart here.
 */
import type { SourceRef } from './directive.js';
import { blockInParameter, unexpected, unexpectedEnd } from './errors.js';
import { Lexer } from './lexer.js';

/** One directive as written. `at` is the line of its terminator, which is the line nginx names in errors. */
export interface Statement {
  readonly name: string;
  readonly words: readonly string[];
  readonly terminator: ';' | '{';
  readonly at: SourceRef;
}

/** The statements of one file, or of the parameter of `-g` where `file` is `undefined`. */
export class Parser {
  readonly #lexer: Lexer;
  readonly #isParameter: boolean;

  constructor(bytes: Buffer, file: string | undefined) {
    this.#lexer = new Lexer(bytes, file);
    this.#isParameter = file === undefined;
  }

  /**
   * The next statement of the block (`inBlock`) or of the file; `undefined` at its proper end. After a statement that
   * ends in `{` the next ones are those of the block it opens. Throws a ConfigError for every other shape.
   */
  next(inBlock: boolean): Statement | undefined {
    const words: string[] = [];
    for (;;) {
      const token = this.#lexer.next();
      switch (token.kind) {
        case 'word':
          words.push(token.text);
          break;
        case ';':
        case '{':
          return this.#statement(words, token.kind);
        case '}':
          if (words.length > 0 || !inBlock) throw unexpected('}', this.#lexer.at);
          return undefined;
        case 'end':
          this.#checkEnd(inBlock, words.length > 0 || token.inWord);
          return undefined;
      }
    }
  }

  #statement(words: readonly string[], terminator: ';' | '{'): Statement {
    const [name, ...rest] = words;
    const at = this.#lexer.at;
    if (name === undefined) throw unexpected(terminator, at);
    if (terminator === '{' && this.#isParameter) throw blockInParameter(at);
    return { name, words: rest, terminator, at };
  }

  #checkEnd(inBlock: boolean, isOpenStatement: boolean): void {
    if (isOpenStatement) {
      throw unexpectedEnd(this.#isParameter ? '";"' : '";" or "}"', this.#lexer.at);
    }
    if (inBlock) throw unexpectedEnd('"}"', this.#lexer.at);
  }
}
