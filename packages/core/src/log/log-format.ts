/** The forms that a line can have: nginx's text, and one JSON object. */
import { currentIsoTime, currentLogTime } from './clock.js';
import type { formatJsonLine as FormatJsonLine } from './json-line.js';
import type { LogLevel } from './levels.js';
import { formatLine } from './line.js';
import type { LogDetails } from './logger.js';

/** The form of the lines of one log. */
export type LogFormat = 'text' | 'json';

let formatJsonLine: typeof FormatJsonLine | undefined;

/** Loads pino, which few logs need and every start would wait for. Until then lines of JSON are text. */
export async function prepareJson(): Promise<void> {
  ({ formatJsonLine } = await import('./json-line.js'));
}

/** A line of now with its LF, at most 2048 bytes. `pid` is the process it is written for. */
export function composeLine(
  format: LogFormat,
  pid: number,
  level: LogLevel,
  message: string,
  details?: LogDetails,
): string {
  return format === 'text' || formatJsonLine === undefined
    ? formatLine(currentLogTime(), pid, level, message, details)
    : formatJsonLine(currentIsoTime(), pid, level, message, details);
}
