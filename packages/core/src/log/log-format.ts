/** The forms that a line can have: nginx's text, and one JSON object. */
import { currentIsoTime, currentLogTime } from './clock.js';
import { formatJsonLine } from './json-line.js';
import type { LogLevel } from './levels.js';
import { formatLine } from './line.js';
import type { LogDetails } from './logger.js';

/** The form of the lines of one log. */
export type LogFormat = 'text' | 'json';

/** A line of now with its LF, at most 2048 bytes. `pid` is the process it is written for. */
export function composeLine(
  format: LogFormat,
  pid: number,
  level: LogLevel,
  message: string,
  details?: LogDetails,
): string {
  return format === 'text'
    ? formatLine(currentLogTime(), pid, level, message, details)
    : formatJsonLine(currentIsoTime(), pid, level, message, details);
}
