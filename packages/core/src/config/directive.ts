/**
 * What a directive is: a name, the blocks it may stand in, a codec from words to a value, a default and a rule
 * for repetition. One declaration gives validation, type, inheritance and documentation.
 */
import type { SourceFiles } from './source-files.js';

/** The blocks of a configuration file. `main` is the file outside any block. */
export type Level = 'main' | 'events' | 'mail' | 'server';

/** A JSON Schema (draft 2020-12) of the array of words that follow the directive's name. */
export type WordsSchema = Readonly<Record<string, unknown>>;

/** Where a directive stands. `file` is the path as opened, or `undefined` for `-g`. */
export interface SourceRef {
  readonly file: string | undefined;
  readonly line: number;
}

/** What a codec may ask while it reads one directive. */
export interface ReadContext {
  readonly directive: string;
  readonly at: SourceRef;
  /** Directory of relative paths such as `pid` and `error_log` (`-p`), with a trailing slash. */
  readonly prefix: string;
  /** Directory of the main configuration file, with a trailing slash; base of `include` and certificates. */
  readonly confPrefix: string;
  /** Through which codecs read files and look up names, so that workers get what their master got. */
  readonly sources: SourceFiles;
  /** Logs a warning with the position of the directive. */
  warn(message: string): void;
  /** A {@link ConfigError} with nginx's sentence, the position, and at most one line of help. */
  error(message: string, help?: string): Error;
}

/**
 * Words of one directive to one value.
 *
 * What `schema` lets through, `parse` never refuses for its form; `parse` may still throw `context.error(...)` for
 * what only the system can tell (a host that does not resolve).
 */
export interface Codec<T> {
  readonly schema: WordsSchema;
  /** The form in the reference page, for instance `on | off`. */
  readonly syntax: string;
  /** nginx's sentence for words of the right number and the wrong form. */
  refusal(directive: string, words: readonly string[]): string;
  parse(words: readonly string[], context: ReadContext): T | Promise<T>;
  /** How a second directive on one level is taken: refused as a duplicate, replacing, or joined to the first. */
  readonly repeat: 'refuse' | 'replace' | 'join';
  /** Joins a second directive to the first; there when `repeat` is `join`. */
  join?(first: T, next: T, context: ReadContext): T;
}

/** A directive that stores one value under `slot` of its module's configuration. */
export interface Slot<Name extends string, T, L extends Level> {
  readonly kind: 'slot';
  readonly slot: Name;
  readonly codec: Codec<T>;
  readonly default: T;
  readonly levels: readonly L[];
  /** One sentence for the reference page. */
  readonly about: string;
  /** The default as written in the reference page, where it is not the printed value. */
  readonly defaultText?: string;
  /** Inheritance from the enclosing block; without it the inner value hides the outer one. */
  merge?(outer: T, inner: T): T;
}

/** A directive that opens a block whose contents are read at level `opens`. */
export interface Block {
  readonly kind: 'block';
  readonly opens: Level;
  readonly levels: readonly Level[];
  readonly about: string;
  /** Whether a second block of this name is a duplicate. */
  readonly once: boolean;
}

/** Variance alias: a slot of any name, value and level. */
export type AnySlot = Slot<string, unknown, Level>;

/** Anything a module may declare under a directive name. */
export type Directive = AnySlot | Block;

/** Directives by name. */
export type Directives = Readonly<Record<string, Directive>>;

type SlotAt<D, L extends Level> =
  D extends Slot<infer Name, unknown, infer At>
    ? Extract<At, L> extends never
      ? never
      : Name
    : never;

/** The configuration that `D` gives at the levels `L`: slot name to value. */
export type ConfigurationAt<D extends Directives, L extends Level> = {
  readonly [K in keyof D as SlotAt<D[K], L>]: D[K] extends { readonly default: infer T }
    ? T
    : never;
};

/** The part of a module's configuration that is the same for the whole process. */
export type MainConfiguration<D extends Directives> = ConfigurationAt<D, 'main' | 'events'>;

/** The part of a module's configuration that each server has its own of. */
export type ServerConfiguration<D extends Directives> = ConfigurationAt<D, 'mail' | 'server'>;

/** Options of {@link slot}. */
export interface SlotOptions<T, L extends Level> {
  readonly default: T;
  /** Without it: `mail` and `server`. */
  readonly levels?: readonly L[];
  readonly about: string;
  readonly defaultText?: string;
  readonly merge?: (outer: T, inner: T) => T;
}

/**
 * Declares a directive that stores a value.
 *
 * @example
 * imap_client_buffer: slot('clientBuffer', bytes, { default: 4096, about: 'Sets the size of the command buffer.' })
 */
export function slot<const Name extends string, T, const L extends Level = 'mail' | 'server'>(
  name: Name,
  codec: Codec<T>,
  options: SlotOptions<NoInfer<T>, L>,
): Slot<Name, T, L> {
  const levels = options.levels ?? (['mail', 'server'] as readonly Level[] as readonly L[]);
  return { kind: 'slot', slot: name, codec, ...options, levels };
}

/** Declares a block directive such as `mail` or `server`. */
export function block(options: Omit<Block, 'kind'>): Block {
  return { kind: 'block', ...options };
}
