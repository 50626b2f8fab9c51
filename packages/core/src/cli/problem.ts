/** An error that ends the start, as nginx prints it. */
import { ConfigError, PosternError } from '../errors.js';
import type { SourceRef } from '../config/directive.js';
import { printable } from '../log/printable.js';

/** nginx cuts the message before the position at NGX_MAX_CONF_ERRSTR. */
const maxMessageBytes = 1024;

/**
 * ` in FILE:LINE`, ` in command line` for `-g`, or nothing for an error without position, which has line 0.
 */
export function positionSuffix(at: SourceRef): string {
  if (at.line === 0) return '';
  return at.file === undefined ? ' in command line' : ` in ${at.file}:${String(at.line)}`;
}

/** A message with its position. */
export function located(message: string, at: SourceRef): string {
  return printable(message, maxMessageBytes) + positionSuffix(at);
}

/** What is printed of an error: nginx's line without prefix, and at most one line of help. */
export interface Problem {
  readonly level: 'emerg' | 'crit';
  readonly message: string;
  readonly help: string | undefined;
}

/** The lines of an error. One that is not ours is a defect of the program; its stack is the help. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ConfigError) {
    return { level: error.level, message: located(error.message, error), help: error.help };
  }
  const level = 'emerg';
  if (error instanceof PosternError) return { level, message: error.message, help: undefined };
  const stack = error instanceof Error ? error.stack : undefined;
  const text = error instanceof Error ? error.message : String(error);
  return { level, message: `internal error: ${text}`, help: stack };
}
