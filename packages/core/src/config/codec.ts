/**
 * The codecs of nginx's value types. A codec turns the words of one directive into a value: its JSON Schema (with the
 * keywords of schema.ts) says which words are right, `refusal` is nginx's sentence for wrong ones, and `parse` never
 * refuses what the schema accepts. `repeat` follows nginx's table of which directives complain `is duplicate`;
 * {@link repeatable} and {@link listOf} change it.
 */
import type { Codec, ReadContext, WordsSchema } from './directive.js';
import { readBytes, readDuration, readInteger, readOffset, readSeconds } from './quantity.js';

/** The schema of exactly one word with the given rules. */
export function oneWord(rules: WordsSchema = {}): WordsSchema {
  return { type: 'array', minItems: 1, maxItems: 1, items: { type: 'string', ...rules } };
}

/** The schema of one or more words, each with the given rules. */
export function manyWords(rules: WordsSchema = {}): WordsSchema {
  return { type: 'array', minItems: 1, items: { type: 'string', ...rules } };
}

function invalidValue(directive: string): string {
  return `"${directive}" directive invalid value`;
}

function invalidNumber(directive: string): string {
  return `"${directive}" directive invalid number`;
}

type Refusal = (directive: string, words: readonly string[]) => string;

/** A codec of one word read by `read`, which returns `undefined` for a word the schema refuses. */
function oneWordCodec<T>(
  syntax: string,
  rules: WordsSchema,
  refusal: Refusal,
  read: (word: string, context: ReadContext) => T | undefined,
): Codec<T> {
  return {
    schema: oneWord(rules),
    syntax,
    repeat: 'refuse',
    refusal,
    parse(words, context) {
      const value = read(words[0] ?? '', context);
      if (value === undefined) throw context.error(refusal(context.directive, words));
      return value;
    },
  };
}

/** A size in bytes: `8192`, `8k`, `1m`. No `g`, as in nginx. At most 2^63-1; above 2^53-1 clamped to it. */
export const bytes = oneWordCodec('size', { bytes: true }, invalidValue, readBytes);

/** An offset in bytes: a size that may also end in `g`. */
export const offset = oneWordCodec('size', { offset: true }, invalidValue, readOffset);

/** A time in milliseconds: `30s`, `"1h 30m"`, `500ms`; a number alone is seconds. `y` and `M` are refused, as in nginx. */
export const duration = oneWordCodec('time', { duration: true }, invalidValue, readDuration);

/** A time in seconds: `5m`, `1d`, `1y`; `ms` is refused. */
export const seconds = oneWordCodec('time', { seconds: true }, invalidValue, readSeconds);

/** A decimal number without sign. At most 2^63-1; above 2^53-1 clamped to it. */
export const integer = oneWordCodec('number', { integer: true }, invalidNumber, readInteger);

/** The member of `names` that equals `word` without regard to the case of ASCII letters. */
function findName<W extends string>(names: readonly W[], word: string): W | undefined {
  const lower = asciiLower(word);
  return names.find((name) => asciiLower(name) === lower);
}

/** Lower case for ASCII letters only: `ngx_strcasecmp` leaves all other bytes alone, and so must `K` (Kelvin sign). */
export function asciiLower(word: string): string {
  return word.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** `on` or `off`, in any case. */
export const onOff: Codec<boolean> = oneWordCodec(
  'on | off',
  { anyCase: ['on', 'off'] },
  (directive, [word = '']) =>
    `invalid value "${word}" in "${directive}" directive, it must be "on" or "off"`,
  (word) => {
    const name = findName(['on', 'off'], word);
    return name === undefined ? undefined : name === 'on';
  },
);

/** One of `names`, in any case; the value is the name as declared. nginx's enum. */
export function oneOf<const Names extends readonly [string, ...string[]]>(
  ...names: Names
): Codec<Names[number]> {
  return oneWordCodec<Names[number]>(
    names.join(' | '),
    { anyCase: names },
    (_directive, [word = '']) => `invalid value "${word}"`,
    (word) => findName<Names[number]>(names, word),
  );
}

// A word that later becomes a line of a protocol must not hold a line end: the operator's typing error would become
// an injection. nginx does not check.
const singleLine = '^[^\\r\\n\\u0000]*$';
const singleLinePattern = new RegExp(singleLine, 'u');

function brokenLine(directive: string): string {
  return `"${directive}" directive has a line break or a NUL character in its value`;
}

function isSingleLine(word: string): boolean {
  return singleLinePattern.test(word);
}

/** One word of any form but without CR, LF and NUL. May be empty. */
export const word = oneWordCodec('string', { pattern: singleLine }, brokenLine, (value) =>
  isSingleLine(value) ? value : undefined,
);

/** One word of any form, line ends included (`data:` certificates). May be empty. */
export const text = oneWordCodec('string', {}, invalidValue, (value) => value);

/**
 * A file name; the value is absolute, or relative to the working directory if the prefix is. `'prefix'`: relative to
 * `-p` (`pid`, logs); `'conf'`: relative to the directory of the configuration file (`include`, certificates).
 */
export function path(base: 'prefix' | 'conf'): Codec<string> {
  return oneWordCodec('file', {}, invalidValue, (name, context) =>
    resolvePath(name, base === 'conf' ? context.confPrefix : context.prefix),
  );
}

/** nginx's `ngx_get_full_name`: only a leading `/` makes a name absolute, and `.` and `..` stay as they are. */
export function resolvePath(name: string, base: string): string {
  return name.startsWith('/') ? name : base + name;
}

/** Two words without CR, LF and NUL, such as the name and value of `auth_http_header`. */
export const pair: Codec<readonly [string, string]> = {
  schema: {
    type: 'array',
    minItems: 2,
    maxItems: 2,
    items: { type: 'string', pattern: singleLine },
  },
  syntax: 'name value',
  repeat: 'refuse',
  refusal: brokenLine,
  parse(values, context) {
    if (!values.every(isSingleLine)) throw context.error(brokenLine(context.directive));
    return Object.freeze([values[0] ?? '', values[1] ?? ''] as const);
  },
};

/** One or more words without CR, LF and NUL; directives of one level add up in order. */
export const words: Codec<readonly string[]> = {
  schema: manyWords({ pattern: singleLine }),
  syntax: 'string ...',
  repeat: 'join',
  refusal: brokenLine,
  parse(values, context) {
    if (!values.every(isSingleLine)) throw context.error(brokenLine(context.directive));
    return Object.freeze([...values]);
  },
  join: (first, next) => Object.freeze([...first, ...next]),
};

/**
 * A set of `names`, written in any case and order; directives of one level add up. nginx's bit mask: the value lists
 * the names in the order of declaration, and a repeated one is a warning.
 */
export function flags<const Names extends readonly [string, ...string[]]>(
  ...names: Names
): Codec<readonly Names[number][]> {
  type Name = Names[number];
  /** The words behind a value, each name once: a warning has them as typed. */
  const typed = new WeakMap<readonly Name[], readonly string[]>();
  const inOrder = (chosen: ReadonlySet<Name>): readonly Name[] =>
    Object.freeze(names.filter((name) => chosen.has(name)));
  const refusal: Refusal = (_directive, values) =>
    `invalid value "${values.find((value) => findName(names, value) === undefined) ?? ''}"`;
  return {
    schema: manyWords({ anyCase: names }),
    syntax: names.map((name) => `[${name}]`).join(' '),
    repeat: 'join',
    refusal,
    parse(values, context) {
      const chosen = new Map<Name, string>();
      for (const value of values) {
        const name = findName<Name>(names, value);
        if (name === undefined) throw context.error(refusal(context.directive, values));
        if (chosen.has(name)) context.warn(`duplicate value "${value}"`);
        else chosen.set(name, value);
      }
      const list = inOrder(new Set(chosen.keys()));
      typed.set(list, [...chosen.values()]);
      return list;
    },
    join(first, next, context) {
      for (const word of typed.get(next) ?? next) {
        const name = findName<Name>(names, word);
        if (name !== undefined && first.includes(name)) context.warn(`duplicate value "${word}"`);
      }
      return inOrder(new Set([...first, ...next]));
    },
  };
}

/** `codec` where a second directive on one level replaces the first, as `protocol` and `auth_http` do. */
export function repeatable<T>(codec: Codec<T>): Codec<T> {
  return {
    schema: codec.schema,
    syntax: codec.syntax,
    repeat: 'replace',
    refusal: (directive, values) => codec.refusal(directive, values),
    parse: (values, context) => codec.parse(values, context),
  };
}

/** A list with one item per directive, such as `auth_http_header` or `ssl_certificate`. */
export function listOf<T>(codec: Codec<T>): Codec<readonly T[]> {
  const list = (item: T): readonly T[] => Object.freeze([item]);
  return {
    schema: codec.schema,
    syntax: codec.syntax,
    repeat: 'join',
    refusal: (directive, values) => codec.refusal(directive, values),
    parse(values, context) {
      const item = codec.parse(values, context);
      return item instanceof Promise ? item.then(list) : list(item);
    },
    join: (first, next) => Object.freeze([...first, ...next]),
  };
}

/** `codec` for a slot whose default is "not set": the slot's `default` may be `undefined`. */
export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return codec;
}
