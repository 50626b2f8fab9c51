/**
 * A line of the log as one JSON object (RFC 8259), the facts of nginx's line in fields:
 * `{"time":"...","level":"info","pid":7,"connection":16,"message":"client logged in","client":"192.0.2.1",...}` LF.
 *
 * A value comes back from a JSON parser as it went in, and nothing in the line can end it, move a cursor or turn the
 * reading direction. The line has at most 2048 bytes, as nginx's; a value that had to be cut for it ends early, and the
 * field `truncated` says so.
 */
import { errorNumber, errorReason } from './errno.js';
import type { LogLevel } from './levels.js';
import { maxLineBytes } from './line.js';
import type { LogDetails, LogFields } from './logger.js';
import { isPlain, isUnsafe } from './printable.js';

/** The most bytes of one value that is not the message: a login of 256 bytes with its escapes fits. */
const maxValueBytes = 320;
/** The most bytes of all of them, so that there is always room for the rest of the line. */
const maxValuesBytes = 1536;

const truncatedField = ',"truncated":true';

/** What one character costs in a JSON string, written so that no program on the way stumbles over it. */
function escapeCharacter(character: string): string {
  if (!isUnsafe(character.codePointAt(0) ?? 0)) return JSON.stringify(character).slice(1, -1);
  const unit = character.charCodeAt(0).toString(16).padStart(4, '0');
  return `\\u${unit}`;
}

interface Cut {
  readonly text: string;
  readonly whole: boolean;
}

/** The inside of a JSON string for `text`, at most `maxBytes` of UTF-8, without half a character or half an escape. */
function encode(text: string, maxBytes: number): Cut {
  if (text.length <= maxBytes && isPlain(text) && !text.includes('"') && !text.includes('\\')) {
    return { text, whole: true };
  }
  let encoded = '';
  let room = maxBytes;
  for (const character of text) {
    const escape = escapeCharacter(character);
    room -= Buffer.byteLength(escape);
    if (room < 0) return { text: encoded, whole: false };
    encoded += escape;
  }
  return { text: encoded, whole: true };
}

/** The members of an object, one after the other. */
class Members {
  text = '';
  whole = true;
  #room = maxValuesBytes;

  add(name: keyof LogFields | 'error', value: string | boolean | undefined): void {
    if (value === undefined || value === '') return;
    if (typeof value === 'boolean') {
      this.text += `,"${name}":${String(value)}`;
      return;
    }
    const cut = encode(value, Math.min(maxValueBytes, this.#room));
    this.#room -= Buffer.byteLength(cut.text);
    this.text += `,"${name}":"${cut.text}"`;
    this.whole &&= cut.whole;
  }

  addNumber(name: 'errno', value: number | undefined): void {
    if (value !== undefined) this.text += `,"${name}":${String(value)}`;
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
] as const satisfies readonly (keyof LogFields)[];

const doing = ' while ';

/** The fields of a line that has its context only as text: what comes behind ` while ` is the action. */
function fieldsOf({ subject, context = '' }: LogDetails): LogFields {
  if (subject !== undefined) return subject.fields();
  return { action: context.startsWith(doing) ? context.slice(doing.length) : context };
}

function membersOf(details: LogDetails): Members {
  const members = new Members();
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
  const { connection } = details;
  const number = connection === undefined ? '' : `,"connection":${String(connection)}`;
  const start = `{"time":"${time}","level":"${level}","pid":${String(pid)}${number},"message":"`;
  const members = membersOf(details);
  const taken = start.length + Buffer.byteLength(members.text) + truncatedField.length + 4;
  const body = encode(message, Math.max(0, maxLineBytes - taken));
  const truncated = body.whole && members.whole ? '' : truncatedField;
  return `${start}${body.text}"${members.text}${truncated}}\n`;
}
