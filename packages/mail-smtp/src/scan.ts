/**
 * The grammar of a command as nginx accepts it (`ngx_mail_smtp_parse_command`): a verb and at most eleven arguments,
 * apart by spaces. A scan takes one byte at a time and may stop at any. It keeps offsets from the first byte of the
 * command and no bytes.
 *
 * Each state is a function; the current one is `scan.step`.
 */
import { isLetter } from '@postern/core';
import { verbs, type Verb } from './command.js';

/** What a byte led to. `invalid` comes with the line's LF: the rest of a wrong line is passed over first. */
export type Outcome = 'more' | 'done' | 'invalid';

type Step = (scan: Scan, byte: number, at: number) => Outcome;

/** The bytes `from` up to `to` of a command. */
export interface Argument {
  readonly from: number;
  readonly to: number;
}

/** How far a command has been read. */
export interface Scan {
  step: Step;
  verb: Verb | '';
  arguments: Argument[];
  letters: string;
  from: number;
}

const lf = 0x0a;
const cr = 0x0d;
const space = 0x20;

const argumentLimit = 11;
const verbLimit = Math.max(...verbs.map((known) => known.length));

/** A scan that stands before a command. */
export function createScan(): Scan {
  return { step: verb, verb: '', arguments: [], letters: '', from: 0 };
}

/** Stands before the next command, or before an answer: arguments without a verb. */
export function restartScan(scan: Scan, expect: 'command' | 'answer'): void {
  scan.step = expect === 'answer' ? argument : verb;
  scan.verb = '';
  scan.arguments = [];
  scan.letters = '';
  scan.from = 0;
}

function verb(scan: Scan, byte: number, at: number): Outcome {
  if (isLetter(byte) && scan.letters.length < verbLimit) {
    scan.letters += String.fromCharCode(byte & ~0x20);
    return 'more';
  }
  if (byte !== space && byte !== cr && byte !== lf) return invalid(scan, byte);
  scan.verb = verbs.find((known) => known === scan.letters) ?? '';
  return scan.verb === '' ? invalid(scan, byte) : betweenArguments(scan, byte, at);
}

function betweenArguments(scan: Scan, byte: number, at: number): Outcome {
  scan.step = betweenArguments;
  if (byte === space) return 'more';
  if (byte === cr || byte === lf) return lineEnd(scan, byte);
  if (scan.arguments.length === argumentLimit) return invalid(scan, byte);
  scan.from = at;
  scan.step = argument;
  return 'more';
}

/** An answer that begins with a space has an empty first argument. */
function argument(scan: Scan, byte: number, at: number): Outcome {
  if (byte !== space && byte !== cr && byte !== lf) return 'more';
  scan.arguments.push({ from: scan.from, to: at });
  return betweenArguments(scan, byte, at);
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

/** Not a command: passes over the rest of the line. */
function invalid(scan: Scan, byte: number): Outcome {
  scan.step = invalid;
  return byte === lf ? 'invalid' : 'more';
}
