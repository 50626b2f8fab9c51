/**
 * nginx's error log: one line to every target that takes its level. A line is composed once for each format, and not at
 * all when no target wants it.
 */
import { type LogLevel, logLevels } from './levels.js';
import { composeLine, type LogFormat } from './log-format.js';
import type { LogDetails, Logger } from './logger.js';

/** Where lines go. None of the methods throws or blocks for long; what cannot be written is dropped and counted. */
export interface LogTarget {
  /** `line` ends in LF and has no other control character; `level` is for targets with priorities of their own. */
  write(line: string, level: LogLevel): void;
  /** Opens the file anew under its name (signal USR1). On failure the old file stays in use. */
  reopen(): NodeJS.ErrnoException | undefined;
  /** Writes what is still in memory, for the moment before the process ends. */
  flushSync(): void;
  /** Writes what is still in memory and lets the file or socket go. */
  close(): Promise<void>;
  /** Lines lost so far. */
  readonly dropped: number;
}

/** One `error_log` directive: `level` is the least severe level that is written. */
export interface LogOutput {
  readonly level: LogLevel;
  readonly target: Pick<LogTarget, 'write'>;
  /** Default `text`. */
  readonly format?: LogFormat | undefined;
}

/** Ranks by name; 0 is the most severe. */
const ranks: Readonly<Record<LogLevel, number>> = {
  emerg: 0,
  alert: 1,
  crit: 2,
  error: 3,
  warn: 4,
  notice: 5,
  info: 6,
  debug: 7,
};

/** How severe a level is: 0 for `emerg` to 7 for `debug`, which is also its syslog severity. */
export function severity(level: LogLevel): number {
  return ranks[level];
}

/** The targets that take one level, by the format of their lines. */
type Takers = Readonly<Record<LogFormat, readonly LogOutput['target'][]>>;

function takersOf(outputs: readonly LogOutput[], rank: number): Takers {
  const taking = outputs.filter((output) => severity(output.level) >= rank);
  const inFormat = (format: LogFormat) =>
    taking.filter((output) => (output.format ?? 'text') === format).map(({ target }) => target);
  return { text: inFormat('text'), json: inFormat('json') };
}

const nobody: Takers = { text: [], json: [] };

/** A {@link Logger} over the targets of one configuration level. */
export class ErrorLog implements Logger {
  /** Targets by severity of the line: `#takers[severity(level)]`. */
  readonly #takers: readonly Takers[];
  readonly #pid: number;

  /** @param pid - shown in each line; a library user may name another process than this one. */
  constructor(outputs: readonly LogOutput[], pid = process.pid) {
    this.#pid = pid;
    this.#takers = logLevels.map((_, rank) => takersOf(outputs, rank));
  }

  enabled(level: LogLevel): boolean {
    const { text, json } = this.#of(level);
    return text.length > 0 || json.length > 0;
  }

  log(level: LogLevel, message: string, details?: LogDetails): void {
    const { text, json } = this.#of(level);
    if (text.length > 0) this.#write('text', text, level, message, details);
    if (json.length > 0) this.#write('json', json, level, message, details);
  }

  #write(
    format: LogFormat,
    targets: Takers[LogFormat],
    level: LogLevel,
    message: string,
    details?: LogDetails,
  ): void {
    const line = composeLine(format, this.#pid, level, message, details);
    for (const target of targets) target.write(line, level);
  }

  #of(level: LogLevel): Takers {
    return this.#takers[ranks[level]] ?? nobody;
  }
}
