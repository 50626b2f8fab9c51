/**
 * One line of nginx's error log (src/core/ngx_log.c):
 * `YYYY/MM/DD HH:MM:SS [level] PID#0: *CONN message (ERRNO: text)<context>` LF, at most 2048 bytes.
 */
import { errnoText } from './errno.js';
import type { LogLevel } from './levels.js';
import type { LogDetails } from './logger.js';
import { isPlain, printable } from './printable.js';

/** The most bytes of a line, its LF included: nginx's NGX_MAX_ERROR_STR. */
export const maxLineBytes = 2048;

/** What nginx keeps free for the error number when a message fills the line. */
const errorRoomBytes = 50;

/** `text` cut to `maxBytes` of UTF-8, controls escaped. The usual line is plain ASCII and costs one scan. */
function fit(text: string, maxBytes: number): string {
  if (text.length <= maxBytes && isPlain(text)) return text;
  return printable(text, maxBytes);
}

/** The part before the message, and the message with what belongs to it, without LF and within `maxBytes`. */
function compose(start: string, message: string, details: LogDetails, level: LogLevel): string {
  const context = level === 'debug' ? '' : (details.context ?? '');
  if (details.error === undefined) return fit(start + message + context, maxLineBytes - 1);
  let body = start + message;
  if (body.length > (maxLineBytes - errorRoomBytes) / 4) {
    const room = maxLineBytes - errorRoomBytes;
    const whole = printable(body, maxLineBytes);
    body = Buffer.byteLength(whole) > room ? `${printable(body, room)}...` : whole;
  }
  return fit(`${body} (${errnoText(details.error)})${context}`, maxLineBytes - 1);
}

/** A finished line with its LF. `time` is `YYYY/MM/DD HH:MM:SS`, `pid` the process it is written for. */
export function formatLine(
  time: string,
  pid: number,
  level: LogLevel,
  message: string,
  details: LogDetails = {},
): string {
  const connection = details.connection === undefined ? '' : `*${String(details.connection)} `;
  return `${compose(`${time} [${level}] ${String(pid)}#0: ${connection}`, message, details, level)}\n`;
}

/** The copy of a line that nginx writes to standard error while it starts: `nginx: [emerg] message` LF. */
export function formatConsoleLine(
  level: LogLevel,
  message: string,
  details: LogDetails = {},
): string {
  return `${compose(`nginx: [${level}] `, message, details, level)}\n`;
}
