/**
 * Carries out one directive that stores a value. The order of checks is nginx's: number of words, repetition, form.
 */
import type { AnyModule } from '../module/module.js';
import type { AnySlot, ReadContext, SourceRef } from './directive.js';
import { configError, duplicate, wrongCount } from './errors.js';
import type { Statement } from './parser.js';
import { freezeDeep, type OpenScope, type Setting } from './scope.js';
import type { SourceFiles } from './source-files.js';
import type { WordsCheck } from './words-check.js';
import type { WordsFault } from './words-fault.js';

/** What is the same for every directive of one configuration. */
export interface ReaderOptions {
  /** `-p`, with a trailing slash or empty. */
  readonly prefix: string;
  /** Directory of the main file, with a trailing slash or empty. */
  readonly confPrefix: string;
  readonly warn: (message: string, at: SourceRef) => void;
  readonly sources: SourceFiles;
  readonly check: WordsCheck;
}

/** What a codec sees of the directive it reads. */
class StatementContext implements ReadContext {
  readonly directive: string;
  readonly at: SourceRef;
  readonly prefix: string;
  readonly confPrefix: string;
  readonly sources: SourceFiles;
  readonly #options: ReaderOptions;

  constructor(statement: Statement, options: ReaderOptions) {
    this.directive = statement.name;
    this.at = statement.at;
    this.prefix = options.prefix;
    this.confPrefix = options.confPrefix;
    this.sources = options.sources;
    this.#options = options;
  }

  warn(message: string): void {
    this.#options.warn(message, this.at);
  }

  error(message: string, help?: string): Error {
    return configError(message, this.at, { directive: this.directive, help });
  }
}

/** Reads directives into scopes. */
export class DirectiveReader {
  readonly #options: ReaderOptions;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /**
   * Stores the value of `statement` in `scope`. The result is a promise only where the check's or the codec's is. Throws,
   * or rejects with, a ConfigError.
   */
  read(
    statement: Statement,
    slot: AnySlot,
    module: AnyModule,
    scope: OpenScope,
  ): Promise<void> | undefined {
    const fault = this.#options.check(slot.codec.schema, statement.words);
    if (!(fault instanceof Promise)) return this.#store(fault, statement, slot, module, scope);
    return fault.then((found) => this.#store(found, statement, slot, module, scope));
  }

  #store(
    fault: WordsFault | undefined,
    statement: Statement,
    slot: AnySlot,
    module: AnyModule,
    scope: OpenScope,
  ): Promise<void> | undefined {
    const { name, words, at } = statement;
    const { codec } = slot;
    if (fault === 'count') throw wrongCount(name, at, codec.syntax);
    const earlier = scope.get(module, slot.slot);
    if (earlier !== undefined && codec.repeat === 'refuse') throw duplicate(name, at);
    if (fault === 'form') {
      throw configError(codec.refusal(name, words), at, { directive: name });
    }
    const context = new StatementContext(statement, this.#options);
    const store = (value: unknown): void => {
      const joined = join(slot, earlier, value, context);
      scope.set(module, slot.slot, { value: freezeDeep(joined), at });
    };
    const value = codec.parse(words, context);
    if (value instanceof Promise) return value.then(store);
    store(value);
    return undefined;
  }
}

function join(
  slot: AnySlot,
  earlier: Setting | undefined,
  value: unknown,
  context: ReadContext,
): unknown {
  const { codec } = slot;
  if (earlier === undefined || codec.repeat !== 'join' || codec.join === undefined) return value;
  return codec.join(earlier.value, value, context);
}
