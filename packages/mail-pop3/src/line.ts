/**
 * The grammar of a line as nginx accepts it (`ngx_mail_pop3_parse_command`). POP3 has no literals: a line is all there
 * is of a command, so it is read when its LF has come. A line is given here without LF, and without one CR before it.
 */
import { createCommand, verbs, type Pop3Command, type Verb } from './command.js';

const space = 0x20;
const cr = 0x0d;

/** Letters of every verb. */
const verbLength = 4;
const wordLimit = 3;

/** The command that a line is; undefined where it is none. `line` must be memory of its own: the arguments lie in it. */
export function readCommand(line: Uint8Array): Pop3Command | undefined {
  const verb = readVerb(line);
  if (verb === '' || line.includes(cr)) return undefined;
  const rest = line.subarray(verbLength);
  const words = verb === 'USER' || verb === 'PASS' ? readWhole(rest) : readWords(rest);
  return words.length > wordLimit ? undefined : createCommand(verb, words);
}

/** The verb with which a line starts, in any case of its ASCII letters; empty where it is unknown. */
export function readVerb(line: Uint8Array): Verb | '' {
  if (line.length > verbLength && line[verbLength] !== space) return '';
  return verbs.find((verb) => startsWithVerb(line, verb)) ?? '';
}

/**
 * The answer to a SASL challenge: what stands before the first space. It may be empty. nginx reads the line as
 * arguments, so that more than three words are no answer: undefined.
 */
export function readAnswer(line: Uint8Array): Uint8Array | undefined {
  if (line.includes(cr)) return undefined;
  const end = line.indexOf(space);
  if (end < 0) return line;
  return readWords(line.subarray(end)).length < wordLimit ? line.subarray(0, end) : undefined;
}

/** `& ~0x20` makes a capital of a small letter, and a letter of nothing else. */
function startsWithVerb(line: Uint8Array, verb: Verb): boolean {
  for (let at = 0; at < verbLength; at += 1) {
    if (((line[at] ?? 0) & ~space) !== verb.charCodeAt(at)) return false;
  }
  return true;
}

/** One argument with the spaces inside it and behind it (RFC 1939, section 7: PASS). */
function readWhole(rest: Uint8Array): readonly Uint8Array[] {
  const from = rest.findIndex((byte) => byte !== space);
  return from < 0 ? [] : [rest.subarray(from)];
}

/** Arguments apart by spaces; no more than one above the limit are looked for. */
function readWords(rest: Uint8Array): readonly Uint8Array[] {
  const words: Uint8Array[] = [];
  let at = 0;
  while (at < rest.length && words.length <= wordLimit) {
    const end = rest.indexOf(space, at);
    const to = end < 0 ? rest.length : end;
    if (to > at) words.push(rest.subarray(at, to));
    at = to + 1;
  }
  return words;
}
