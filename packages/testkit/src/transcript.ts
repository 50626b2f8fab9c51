/**
 * A transcript is a conversation in a text file: what the client, the proxy, the auth service and the backend say, in
 * the order in which a reader of the wire would see it. One behaviour per file.
 *
 *     C: text    the client says; CRLF is added unless the text ends in a single backslash
 *     S: text    the client is told
 *     N: text    the client is told by nginx, in place of the S: lines right above
 *     A: text    a header line that the auth request has        R: text   a header line of the answer
 *     U: text    the backend is told                            B: text   the backend says
 *     # text     a comment                                      @word ... a setting or an event, see `annotations`
 *
 * Text is UTF-8 with the escapes `\xNN`, `\r`, `\n`, `\\`, and placeholders (transcript-pattern.ts).
 */
import { unescapeText } from './bytes-text.js';
import { badTranscript } from './errors.js';

/** Who says or is told a line. */
export const speakers = ['C', 'S', 'N', 'A', 'R', 'U', 'B'] as const;

/** Settings hold for the whole transcript; events happen at their place in the conversation. */
export const annotations = {
  /** `@conf imap_auth plain;` adds a directive to the server block. */
  conf: 'setting',
  /** `@main worker_connections 8;` adds a directive outside `mail {}`. */
  main: 'setting',
  /** `@split 1` sends what the client says in segments of so many bytes. */
  split: 'setting',
  /** Means only what it says when segments stay whole: left out of byte-by-byte runs. */
  whole: 'setting',
  /** The A: lines are the whole request, request line included, and there is no request more. */
  'auth-exact': 'setting',
  /** No auth request is made. */
  'no-auth': 'setting',
  /** `@differs dev-1` names a documented deviation from nginx. */
  differs: 'setting',
  /** `@nginx 1.27.3` names the first nginx version that behaves so. */
  nginx: 'setting',
  /** The session is in clear text, which is also the default. */
  clear: 'setting',
  /** The client starts TLS here. */
  tls: 'event',
  /** `@pause 100` waits so many milliseconds. */
  pause: 'event',
  /** The C: lines that follow go out in one segment. */
  together: 'event',
  /** The client closes. */
  close: 'event',
  /** The proxy closes the client's connection, and said nothing more before. */
  'expect-close': 'event',
  /** The backend closes. */
  'backend-close': 'event',
} as const;

/** One line of a transcript. `text` is as written, escapes included. */
export type TranscriptLine =
  | { readonly at: number; readonly kind: 'speech'; readonly who: Speaker; readonly text: string }
  | { readonly at: number; readonly kind: 'note'; readonly name: Annotation; readonly text: string }
  | { readonly at: number; readonly kind: 'comment'; readonly text: string };

export type Speaker = (typeof speakers)[number];
export type Annotation = keyof typeof annotations;

/** A line that somebody says or is told. */
export type Speech = Extract<TranscriptLine, { kind: 'speech' }>;

/** A transcript that was read. */
export interface Transcript {
  readonly lines: readonly TranscriptLine[];
  /** Directives for the server block, each with its semicolon. */
  readonly conf: readonly string[];
  /** Directives for the main level. */
  readonly main: readonly string[];
  /** Bytes per segment, where the transcript says so. */
  readonly split: number | undefined;
  /** Names of documented deviations from nginx. */
  readonly differs: readonly string[];
}

/** Reads a transcript. Throws with the number of the line that cannot be read. */
export function parseTranscript(text: string): Transcript {
  const rows = text.split('\n').map((row) => (row.endsWith('\r') ? row.slice(0, -1) : row));
  if (rows.at(-1) === '') rows.pop();
  return transcriptOf(rows.map((row, index) => parseLine(row, index + 1)));
}

/** Prints a transcript in the form in which it is read. */
export function printTranscript(transcript: Pick<Transcript, 'lines'>): string {
  return transcript.lines.map((line) => `${printLine(line)}\n`).join('');
}

/** The texts of a setting, in order. */
export function settings(transcript: Pick<Transcript, 'lines'>, name: Annotation): string[] {
  return transcript.lines.flatMap((line) =>
    line.kind === 'note' && line.name === name ? [line.text] : [],
  );
}

/** Whether a setting is given. */
export const has = (transcript: Pick<Transcript, 'lines'>, name: Annotation): boolean =>
  settings(transcript, name).length > 0;

/** The words of a directive of the server block, for instance `['plain', 'login']` of `imap_auth`. */
export function directiveWords(transcript: Transcript, name: string): string[] | undefined {
  const found = transcript.conf.find((each) => each.split(' ')[0] === name);
  return found?.slice(name.length, -1).trim().split(' ');
}

/** The bytes of a line: escapes resolved, CRLF added unless it ends in a single backslash. */
export function lineBytes(text: string): Buffer {
  const open = endsOpen(text);
  const bytes = unescapeText(open ? text.slice(0, -1) : text) ?? Buffer.alloc(0);
  return open ? bytes : Buffer.concat([bytes, Buffer.from('\r\n')]);
}

/** Whether a line has no CRLF: an odd number of backslashes at its end. */
export function endsOpen(text: string): boolean {
  let count = 0;
  while (text[text.length - 1 - count] === '\\') count++;
  return count % 2 === 1;
}

function transcriptOf(lines: readonly TranscriptLine[]): Transcript {
  const all = { lines };
  return {
    lines,
    conf: settings(all, 'conf'),
    main: settings(all, 'main'),
    split: settings(all, 'split').map(Number).at(0),
    differs: settings(all, 'differs'),
  };
}

function parseLine(row: string, at: number): TranscriptLine {
  if (row.trim() === '') return { at, kind: 'comment', text: '' };
  if (row.startsWith('#')) return { at, kind: 'comment', text: row };
  return row.startsWith('@') ? parseNote(row, at) : parseSpeech(row, at);
}

function parseSpeech(row: string, at: number): TranscriptLine {
  const who = speakers.find((each) => row.startsWith(`${each}:`));
  if (who === undefined) throw badTranscript(at, `"${row}" starts with no known mark`);
  const text = row.slice(row[2] === ' ' ? 3 : 2);
  if (unescapeText(endsOpen(text) ? text.slice(0, -1) : text) === undefined) {
    throw badTranscript(at, 'unknown escape; \\xNN, \\r, \\n and \\\\ are known');
  }
  return { at, kind: 'speech', who, text };
}

function parseNote(row: string, at: number): TranscriptLine {
  const space = row.indexOf(' ');
  const name = row.slice(1, space === -1 ? undefined : space);
  const text = space === -1 ? '' : row.slice(space + 1).trim();
  if (!isAnnotation(name)) throw badTranscript(at, `unknown annotation @${name}`);
  const problem = noteProblem(name, text);
  if (problem !== undefined) throw badTranscript(at, `@${name} ${problem}`);
  return { at, kind: 'note', name, text };
}

const isAnnotation = (name: string): name is Annotation => Object.hasOwn(annotations, name);

const isNumber = (text: string): boolean => text !== '' && Number(text) >= 0;

/** What the text of some annotations must be; all others take none. */
const noteTexts: Partial<
  Record<Annotation, { readonly problem: string; readonly fits: (text: string) => boolean }>
> = {
  conf: { problem: 'must end with ";"', fits: (text) => text.endsWith(';') },
  main: { problem: 'must end with ";" or "}"', fits: (text) => /[;}]$/.test(text) },
  pause: { problem: 'needs a number', fits: isNumber },
  split: {
    problem: 'needs a number of bytes',
    fits: (text) => Number.isInteger(Number(text)) && Number(text) > 0,
  },
  differs: { problem: 'needs a name', fits: (text) => text !== '' },
  nginx: { problem: 'needs a version', fits: (text) => text !== '' },
};

function noteProblem(name: Annotation, text: string): string | undefined {
  const rule = noteTexts[name] ?? { problem: 'takes no text', fits: (given) => given === '' };
  return rule.fits(text) ? undefined : rule.problem;
}

function printLine(line: TranscriptLine): string {
  if (line.kind === 'comment') return line.text;
  if (line.kind === 'note')
    return line.text === '' ? `@${line.name}` : `@${line.name} ${line.text}`;
  return line.text === '' ? `${line.who}:` : `${line.who}: ${line.text}`;
}
