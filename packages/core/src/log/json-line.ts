/**
 * A line of the log as one JSON object (RFC 8259), made by pino, with the facts of nginx's line in fields:
 * `{"level":"info","time":"...","pid":7,"connection":16,"client":"192.0.2.1",...,"message":"client logged in"}` LF.
 *
 * A value comes back from a JSON parser as it went in, and nothing in the line can end it, move a cursor or turn the
 * reading direction. The line has at most 2048 bytes, as nginx's; a value that had to be cut for it ends early, and the
 * field `truncated` says so.
 */
import { pino } from 'pino';
import { errorNumber, errorReason } from './errno.js';
import type { LogLevel } from './levels.js';
import { maxLineBytes } from './line.js';
import type { LogDetails, LogFields } from './logger.js';
import { isPlain, isUnsafe } from './printable.js';

/** The most bytes of one value that is not the message: a login of 256 bytes with its escapes fits. */
const maxValueBytes = 320;
/** The most bytes of all of them, so that there is always room for the rest of the line. */
const maxValuesBytes = 1536;
/** `{"level":"","time":"","message":""}` and LF, and `,"truncated":true`. */
const frameBytes = 37 + 17;

/** Takes the line that pino has made. */
const sink = {
  line: '',
  write(line: string): void {
    this.line = line;
  },
};

/** The time of the line that is being made. */
let timeOfLine = '';

/** nginx's levels under their names; the numbers only put them in order. */
const levels = {
  debug: 10,
  info: 20,
  notice: 30,
  warn: 40,
  error: 50,
  crit: 60,
  alert: 70,
  emerg: 80,
} satisfies Readonly<Record<LogLevel, number>>;

const writer = pino(
  {
    base: null,
    level: 'debug',
    messageKey: 'message',
    customLevels: levels,
    useOnlyCustomLevels: true,
    formatters: { level: (level) => ({ level }) },
    timestamp: () => `,"time":"${timeOfLine}"`,
  },
  sink,
);

/** One character as it stands in a JSON string, written so that no program on the way stumbles over it. */
function escapeCharacter(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x20 || !isUnsafe(point)) return JSON.stringify(character).slice(1, -1);
  const unit = character.charCodeAt(0).toString(16).padStart(4, '0');
  return `\\u${unit}`;
}

/** Whether pino leaves a character as it is that must not stand in a line: also half a surrogate pair. */
function isLeft(point: number): boolean {
  return isUnsafe(point) || (point >= 0xd800 && point <= 0xdfff);
}

/** A line without its LF; what pino leaves as it is and a terminal would act on can only stand inside of strings. */
function withoutControls(line: string): string {
  if (isPlain(line)) return line;
  let safe = '';
  for (const character of line) {
    safe += isLeft(character.codePointAt(0) ?? 0) ? escapeCharacter(character) : character;
  }
  return safe;
}

interface Cut {
  readonly text: string;
  /** Bytes of UTF-8 that it takes in a JSON string. */
  readonly bytes: number;
  readonly whole: boolean;
}

/** The start of `text` that takes at most `maxBytes` in a JSON string, without half a character. */
function cut(text: string, maxBytes: number): Cut {
  if (text.length <= maxBytes && isPlain(text) && !text.includes('"') && !text.includes('\\')) {
    return { text, bytes: text.length, whole: true };
  }
  let end = 0;
  let bytes = 0;
  for (const character of text) {
    const cost = Buffer.byteLength(escapeCharacter(character));
    if (bytes + cost > maxBytes) return { text: text.slice(0, end), bytes, whole: false };
    bytes += cost;
    end += character.length;
  }
  return { text, bytes, whole: true };
}

/** The fields of an object. */
class Members {
  readonly fields: Record<string, string | number | boolean> = {};
  whole = true;
  /** What the fields take in the line. */
  bytes = 0;
  #room = maxValuesBytes;

  add(name: keyof LogFields | 'error', value: string | boolean | undefined): void {
    if (value === undefined || value === '') return;
    if (typeof value === 'boolean') {
      this.#set(name, value, String(value).length);
      return;
    }
    const part = cut(value, Math.min(maxValueBytes, this.#room));
    this.#room -= part.bytes;
    this.#set(name, part.text, part.bytes + 2);
    this.whole &&= part.whole;
  }

  addNumber(name: 'pid' | 'connection' | 'errno', value: number | undefined): void {
    if (value !== undefined) this.#set(name, value, String(value).length);
  }

  /** `,"name":value`, of which the value takes `bytes`. */
  #set(name: string, value: string | number | boolean, bytes: number): void {
    this.fields[name] = value;
    this.bytes += name.length + 4 + bytes;
  }
}

/** Names in the order in which they stand in a line. */
const fieldNames = [
  'action',
  'protocol',
  'client',
  'server',
  'starttls',
  'tls',
  'login',
  'upstream',
  'resolver',
] as const satisfies readonly (keyof LogFields)[];

const doing = ' while ';

/** The fields of a line that has its context only as text: what comes behind ` while ` is the action. */
function fieldsOf({ subject, context = '' }: LogDetails): LogFields {
  if (subject !== undefined) return subject.fields();
  return { action: context.startsWith(doing) ? context.slice(doing.length) : context };
}

function membersOf(pid: number, details: LogDetails): Members {
  const members = new Members();
  members.addNumber('pid', pid);
  members.addNumber('connection', details.connection);
  if (details.error !== undefined) {
    members.addNumber('errno', errorNumber(details.error));
    members.add('error', errorReason(details.error));
  }
  const fields = fieldsOf(details);
  for (const name of fieldNames) members.add(name, fields[name]);
  return members;
}

/** A finished line with its LF. `time` is in ISO 8601, `pid` the process it is written for. */
export function formatJsonLine(
  time: string,
  pid: number,
  level: LogLevel,
  message: string,
  details: LogDetails = {},
): string {
  const members = membersOf(pid, details);
  const frame = frameBytes + level.length + time.length;
  const body = cut(message, Math.max(0, maxLineBytes - frame - members.bytes));
  if (!body.whole || !members.whole) members.fields['truncated'] = true;
  timeOfLine = time;
  writer[level](members.fields, body.text);
  return `${withoutControls(sink.line.slice(0, -1))}\n`;
}
