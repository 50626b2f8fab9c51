/**
 * nginx's number, size, offset and time words (`ngx_atoi`, `ngx_parse_size`, `ngx_parse_offset`, `ngx_parse_time`).
 *
 * Each function takes one word and returns `undefined` for a word nginx refuses: no sign, no fraction, no blank but
 * where the time grammar has one, and nothing above 2^63-1. JavaScript cannot hold what lies above 2^53-1 exactly:
 * such a value is accepted, as nginx accepts it, and returned as `Number.MAX_SAFE_INTEGER`.
 */

const largest = 2n ** 63n - 1n;
const zero = 0x30;
const nine = 0x39;

function toNumber(value: bigint): number {
  return value > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(value);
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}

/** The decimal digits of `word` from `start` to `end`; `undefined` if there are none or anything else is among them. */
function readDigits(word: string, start: number, end: number): bigint | undefined {
  let first = start;
  for (let index = start; index < end; index++) {
    if (!isDigit(word.charCodeAt(index))) return undefined;
    if (index === first && index < end - 1 && word.charCodeAt(index) === zero) first++;
  }
  // 19 digits hold 2^63-1; leading zeros are not counted, so the conversion below is of bounded length.
  if (end <= start || end - first > 19) return undefined;
  const value = BigInt(word.slice(first, end));
  return value > largest ? undefined : value;
}

/** A decimal number of at most 2^63-1. */
export function readInteger(word: string): number | undefined {
  const value = readDigits(word, 0, word.length);
  return value === undefined ? undefined : toNumber(value);
}

const sizeUnits: ReadonlyMap<string, bigint> = new Map([
  ['k', 1024n],
  ['K', 1024n],
  ['m', 1048576n],
  ['M', 1048576n],
]);

const offsetUnits: ReadonlyMap<string, bigint> = new Map([
  ...sizeUnits,
  ['g', 1073741824n],
  ['G', 1073741824n],
]);

function readScaled(word: string, units: ReadonlyMap<string, bigint>): number | undefined {
  const scale = units.get(word.slice(-1));
  const value = readDigits(word, 0, word.length - (scale === undefined ? 0 : 1));
  if (value === undefined) return undefined;
  const bytes = value * (scale ?? 1n);
  return bytes > largest ? undefined : toNumber(bytes);
}

/** A size in bytes: digits and an optional `k` or `m` of either case. There is no `g`. */
export function readBytes(word: string): number | undefined {
  return readScaled(word, sizeUnits);
}

/** An offset in bytes: a size that may also end in `g`. */
export function readOffset(word: string): number | undefined {
  return readScaled(word, offsetUnits);
}

interface TimeUnit {
  /** Units must come in rising order of rank. */
  readonly rank: number;
  /** The rank that counts for the units behind it, where that is another one. */
  readonly rankAfter?: number;
  readonly ms: bigint;
}

const second: TimeUnit = { rank: 7, ms: 1000n };
const millisecond: TimeUnit = { rank: 8, ms: 1n };
const timeUnits: ReadonlyMap<string, TimeUnit> = new Map([
  ['y', { rank: 1, ms: 31_536_000_000n }],
  ['M', { rank: 2, ms: 2_592_000_000n }],
  ['w', { rank: 3, ms: 604_800_000n }],
  ['d', { rank: 4, ms: 86_400_000n }],
  ['h', { rank: 5, ms: 3_600_000n }],
  ['m', { rank: 6, ms: 60_000n }],
  ['s', second],
  // A blank after a number stands for "s": `1 2` is three seconds, and no unit may follow.
  [' ', { ...second, rankAfter: 9 }],
]);

/** What sets the two time grammars apart: the first unit allowed, and milliseconds per unit of the result. */
interface TimeGrammar {
  readonly before: number;
  readonly resolution: bigint;
}

const inMilliseconds: TimeGrammar = { before: 2, resolution: 1n };
const inSeconds: TimeGrammar = { before: 0, resolution: 1000n };

function skip(word: string, start: number, holds: (code: number) => boolean): number {
  let index = start;
  while (index < word.length && holds(word.charCodeAt(index))) index++;
  return index;
}

const isBlank = (code: number): boolean => code === 0x20;

function unitAt(word: string, index: number): { unit: TimeUnit | undefined; next: number } {
  const isMillisecond = word.startsWith('ms', index);
  return isMillisecond
    ? { unit: millisecond, next: index + 2 }
    : { unit: timeUnits.get(word.charAt(index)), next: index + 1 };
}

/** The number from `start` to `end`; nothing counts as 0, as in nginx, where a unit may stand alone after a number. */
function countAt(word: string, start: number, end: number): bigint | undefined {
  return start === end ? 0n : readDigits(word, start, end);
}

function readTime(word: string, grammar: TimeGrammar): number | undefined {
  let step = grammar.before;
  let total = 0n;
  let hasDigits = false;
  let index = 0;
  while (index < word.length) {
    const end = skip(word, index, isDigit);
    const count = countAt(word, index, end);
    hasDigits ||= end > index;
    const { unit, next } = end === word.length ? { unit: second, next: end } : unitAt(word, end);
    if (count === undefined || unit === undefined) return undefined;
    // A last number without a unit means seconds whatever came before it: `1s1` is two seconds.
    if (end < word.length && step >= unit.rank) return undefined;
    step = unit.rankAfter ?? unit.rank;
    if (unit.ms % grammar.resolution !== 0n) return undefined;
    total += (count * unit.ms) / grammar.resolution;
    if (total > largest) return undefined;
    index = skip(word, next, isBlank);
  }
  return hasDigits ? toNumber(total) : undefined;
}

/** A time in milliseconds: units `w d h m s ms`, each at most once and in this order. `y` and `M` are refused. */
export function readDuration(word: string): number | undefined {
  return readTime(word, inMilliseconds);
}

/** A time in seconds: units `y M w d h m s`. `ms` is refused. */
export function readSeconds(word: string): number | undefined {
  return readTime(word, inSeconds);
}
