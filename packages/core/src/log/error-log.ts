/**
 * nginx's error log: one line to every target that takes its level. A line is composed once, and not at all when no
 * target wants it; the time text is made once a second.
 */
import { type LogLevel, logLevels } from './levels.js';
import { formatLine, logTime } from './line.js';
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
  readonly target: LogTarget;
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

const clock = { second: -1, text: '' };

/** The time text of now, shared by all logs of the process. */
export function currentLogTime(): string {
  const now = Date.now();
  const second = Math.floor(now / 1000);
  if (second !== clock.second) {
    clock.second = second;
    clock.text = logTime(new Date(now));
  }
  return clock.text;
}

/** A {@link Logger} over the targets of one configuration level. */
export class ErrorLog implements Logger {
  /** Targets by severity of the line: `#takers[severity(level)]`. */
  readonly #takers: readonly (readonly LogTarget[])[];
  readonly #pid: number;

  /** @param pid - shown in each line; a library user may name another process than this one. */
  constructor(outputs: readonly LogOutput[], pid = process.pid) {
    this.#pid = pid;
    this.#takers = logLevels.map((_, rank) =>
      outputs.filter((output) => severity(output.level) >= rank).map((output) => output.target),
    );
  }

  enabled(level: LogLevel): boolean {
    return this.#targets(level).length > 0;
  }

  log(level: LogLevel, message: string, details?: LogDetails): void {
    const targets = this.#targets(level);
    if (targets.length === 0) return;
    const line = formatLine(currentLogTime(), this.#pid, level, message, details);
    for (const target of targets) target.write(line, level);
  }

  #targets(level: LogLevel): readonly LogTarget[] {
    return this.#takers[ranks[level]] ?? [];
  }
}
