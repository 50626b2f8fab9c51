/**
 * The grammar of a command as nginx accepts it (`ngx_imap_parse_command`): tag, verb, at most three arguments. A scan
 * takes one byte at a time and may stop at any. It keeps offsets from the first byte of the command and no bytes.
 *
 * Each state is a function; the current one is `scan.step`. Stricter than nginx: a literal must fit in what is left
 * of the client's buffer before it is invited, `{0}` is an empty argument, and a quoted string holds no NUL.
 */
import { isLetter } from '@postern/core';
import { verbs, type Verb } from './command.js';

/** What a byte led to. `invalid` comes with the line's LF: the rest of a wrong line is passed over first. */
export type Outcome = 'more' | 'done' | 'invitation' | 'invalid';

type Step = (scan: Scan, byte: number, at: number) => Outcome;

/** The bytes `from` up to `to` of a command. `escaped`: backslashes are to be taken out. */
export interface Argument {
  readonly from: number;
  readonly to: number;
  readonly escaped: boolean;
}

/** How far a command has been read. */
export interface Scan {
  step: Step;
  /** Length of the tag with the space behind it; 0 while it is not known. */
  tagLength: number;
  verb: Verb | '';
  arguments: Argument[];
  /** Between quotes. nginx's oddity: a string that the line end cut off stays open into the next command. */
  quoted: boolean;
  /** A literal was announced that the client sends without being invited, and it was refused. */
  unasked: boolean;
  readonly limit: number;
  letters: string;
  from: number;
  escaped: boolean;
  literal: number;
  synchronising: boolean;
}

const nul = 0x00;
const lf = 0x0a;
const cr = 0x0d;
const space = 0x20;
const quote = 0x22;
const plus = 0x2b;
const zero = 0x30;
const nine = 0x39;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Longest tag, without the space behind it. */
const tagLimit = 32;
const argumentLimit = 3;
const verbLimit = Math.max(...verbs.map((verb) => verb.length));

/** A scan that stands before a command. `limit` is the number of bytes a command may have. */
export function createScan(limit: number): Scan {
  return {
    step: tag,
    tagLength: 0,
    verb: '',
    arguments: [],
    quoted: false,
    unasked: false,
    limit,
    letters: '',
    from: 0,
    escaped: false,
    literal: 0,
    synchronising: true,
  };
}

/** Stands before the next command, or before an answer: arguments without tag and verb. */
export function restartScan(scan: Scan, expect: 'command' | 'answer'): void {
  scan.step = expect === 'answer' ? argument : tag;
  scan.tagLength = 0;
  scan.verb = '';
  scan.arguments = [];
  scan.unasked = false;
  scan.letters = '';
  scan.from = 0;
  scan.escaped = false;
}

/** A tag may be empty: then the line starts with the space. */
function tag(scan: Scan, byte: number, at: number): Outcome {
  if (byte === space) {
    scan.tagLength = at + 1;
    scan.step = verb;
    return 'more';
  }
  return isTagByte(byte) && at < tagLimit ? 'more' : invalid(scan, byte);
}

/** More than one space before the verb is passed over. */
function verb(scan: Scan, byte: number, at: number): Outcome {
  if (isLetter(byte) && scan.letters.length < verbLimit) {
    scan.letters += String.fromCharCode(byte & ~0x20);
    return 'more';
  }
  if (byte === space && scan.letters === '') return 'more';
  if (byte !== space && byte !== cr && byte !== lf) return invalid(scan, byte);
  scan.verb = verbs.find((known) => known === scan.letters) ?? '';
  return scan.verb === '' ? invalid(scan, byte) : betweenArguments(scan, byte, at);
}

function betweenArguments(scan: Scan, byte: number, at: number): Outcome {
  scan.step = betweenArguments;
  if (byte === space) return 'more';
  if (byte === cr || byte === lf) return lineEnd(scan, byte);
  if (scan.arguments.length === argumentLimit) return invalid(scan, byte);
  scan.escaped = false;
  switch (byte) {
    case quote:
      scan.quoted = true;
      scan.from = at + 1;
      scan.step = argument;
      break;
    case openBrace:
      scan.literal = 0;
      scan.step = literalSize;
      break;
    default:
      scan.from = at;
      scan.step = argument;
  }
  return 'more';
}

/** Inside an atom or a quoted string. */
function argument(scan: Scan, byte: number, at: number): Outcome {
  switch (byte) {
    case cr:
    case lf:
      endArgument(scan, at);
      return lineEnd(scan, byte);
    case space:
      if (scan.quoted) return 'more';
      endArgument(scan, at);
      scan.step = betweenArguments;
      return 'more';
    default:
      return scan.quoted ? insideQuotes(scan, byte, at) : 'more';
  }
}

function insideQuotes(scan: Scan, byte: number, at: number): Outcome {
  if (byte === nul) return invalid(scan, byte);
  if (byte === quote) {
    scan.quoted = false;
    endArgument(scan, at);
    scan.step = betweenArguments;
  } else if (byte === backslash) {
    scan.escaped = true;
    scan.step = afterBackslash;
  }
  return 'more';
}

function afterBackslash(scan: Scan, byte: number): Outcome {
  if (byte === cr || byte === lf || byte === nul) return invalid(scan, byte);
  scan.step = argument;
  return 'more';
}

/** The number stops growing at the limit, so that no count of digits can wrap it. */
function literalSize(scan: Scan, byte: number): Outcome {
  if (byte >= zero && byte <= nine) {
    scan.literal = Math.min(scan.literal * 10 + byte - zero, scan.limit);
    return 'more';
  }
  if (byte !== closeBrace && byte !== plus) return invalid(scan, byte);
  scan.synchronising = byte === closeBrace;
  scan.step = byte === plus ? literalBrace : literalLine;
  return 'more';
}

function literalBrace(scan: Scan, byte: number): Outcome {
  if (byte !== closeBrace) return invalid(scan, byte);
  scan.step = literalLine;
  return 'more';
}

/** Behind `{n}`: any number of CRs, as in nginx, and LF. The literal and a line end must fit in the buffer. */
function literalLine(scan: Scan, byte: number, at: number): Outcome {
  if (byte === cr) return 'more';
  if (byte !== lf) return invalid(scan, byte);
  scan.from = at + 1;
  if (scan.from + scan.literal >= scan.limit) {
    scan.unasked = !scan.synchronising;
    return invalid(scan, byte);
  }
  if (scan.literal === 0) endLiteral(scan, scan.from);
  else scan.step = literalBytes;
  return scan.synchronising ? 'invitation' : 'more';
}

function literalBytes(scan: Scan, _byte: number, at: number): Outcome {
  scan.literal -= 1;
  if (scan.literal === 0) endLiteral(scan, at + 1);
  return 'more';
}

function endLiteral(scan: Scan, to: number): void {
  endArgument(scan, to);
  scan.step = afterLiteral;
}

function afterLiteral(scan: Scan, byte: number): Outcome {
  if (byte === cr || byte === lf) return lineEnd(scan, byte);
  if (byte !== space) return invalid(scan, byte);
  scan.step = betweenArguments;
  return 'more';
}

/** At CR or LF: a command ends with LF, or with CR and LF next to each other. */
function lineEnd(scan: Scan, byte: number): Outcome {
  if (byte === lf) return 'done';
  scan.step = lineFeed;
  return 'more';
}

function lineFeed(scan: Scan, byte: number): Outcome {
  return byte === lf ? 'done' : invalid(scan, byte);
}

/** Not a command: passes over the rest of the line. An open quote ends here. */
function invalid(scan: Scan, byte: number): Outcome {
  scan.quoted = false;
  scan.step = invalid;
  return byte === lf ? 'invalid' : 'more';
}

function endArgument(scan: Scan, to: number): void {
  scan.arguments.push({ from: scan.from, to, escaped: scan.escaped });
}

function isTagByte(byte: number): boolean {
  return isLetter(byte) || (byte >= zero && byte <= nine) || isTagSign(byte);
}

/** `-`, `.`, `_`. */
function isTagSign(byte: number): boolean {
  return byte === 0x2d || byte === 0x2e || byte === 0x5f;
}
