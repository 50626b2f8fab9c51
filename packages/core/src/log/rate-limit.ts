/**
 * A bound for floods: of each level at most so many lines a second reach a log, and how many were left out is written
 * when their second is over. A flood of `info` lines takes nothing from the errors, and who reads the log knows what is
 * missing.
 */
import type { LogTarget } from './error-log.js';
import { type LogLevel, logLevels } from './levels.js';
import { composeLine, type LogFormat } from './log-format.js';

const secondMs = 1000;

interface Count {
  passed: number;
  left: number;
}

/** Part of a {@link LogTarget} that passes on only so much; opening and closing is up to the log behind it. */
export class RateLimit implements Pick<LogTarget, 'write'> {
  readonly #target: Pick<LogTarget, 'write'>;
  readonly #rate: number;
  readonly #format: LogFormat;
  readonly #counts = new Map<LogLevel, Count>();
  #second: NodeJS.Timeout | undefined;

  /** @param rate - lines of one level in one second. */
  constructor(target: Pick<LogTarget, 'write'>, rate: number, format: LogFormat) {
    this.#target = target;
    this.#rate = rate;
    this.#format = format;
  }

  write(line: string, level: LogLevel): void {
    this.#second ??= setTimeout(() => {
      this.settle();
    }, secondMs).unref();
    let count = this.#counts.get(level);
    if (count === undefined) {
      count = { passed: 0, left: 0 };
      this.#counts.set(level, count);
    }
    if (count.passed < this.#rate) {
      count.passed += 1;
      this.#target.write(line, level);
    } else count.left += 1;
  }

  /** The second is over: says what was left out, and begins anew. */
  settle(): void {
    clearTimeout(this.#second);
    this.#second = undefined;
    for (const level of logLevels) {
      const left = this.#counts.get(level)?.left ?? 0;
      if (left > 0) this.#tell(level, left);
    }
    this.#counts.clear();
  }

  #tell(level: LogLevel, left: number): void {
    const message = `${String(left)} more lines of level "${level}" were left out, rate=${String(this.#rate)}`;
    const line = composeLine(this.#format, process.pid, level, message);
    this.#target.write(line, level);
  }
}
