/**
 * The log of a process that starts (ngx_log_init and the end of ngx_log_error_core in ngx_log.c).
 *
 * Lines go to the early log (`-e`, or the compiled-in file, at level notice) until the configuration names others.
 * Until start-up is over, what is warn or worse is also printed on standard error as `nginx: [level] message`; where
 * the log is standard error itself, only the full line appears there.
 */
import { ErrorLog, type LogTarget, severity } from '../log/error-log.js';
import { FileTarget } from '../log/file-target.js';
import type { LogLevel } from '../log/levels.js';
import { formatConsoleLine } from '../log/line.js';
import type { LogSpec } from '../log/log-spec.js';
import type { LogDetails, Logger } from '../log/logger.js';
import type { CommandIo } from './command-io.js';

/** The start-up log; afterwards the log of the process. */
export class StartLog implements Logger {
  readonly #io: CommandIo;
  readonly #file: FileTarget | undefined;
  #logger: Logger;
  #onStderr: (level: LogLevel) => boolean;
  #starting = true;

  /**
   * @param path - of the early log, or `stderr`. A file that cannot be opened is an alert, and standard error stands in.
   * @param isTold - whether the process that started this one has said so already.
   */
  constructor(path: string, level: LogLevel, io: CommandIo, stderr: LogTarget, isTold = false) {
    this.#io = io;
    this.#file = path === 'stderr' ? undefined : this.#open(path, isTold);
    this.#onStderr = () => this.#file === undefined;
    const target = this.#file ?? stderr;
    this.#logger = new ErrorLog([{ level, target }]);
  }

  enabled(level: LogLevel): boolean {
    return this.#logger.enabled(level) || (this.#starting && isForConsole(level));
  }

  log(level: LogLevel, message: string, details?: LogDetails): void {
    this.#logger.log(level, message, details);
    if (!this.#starting || !isForConsole(level) || this.#onStderr(level)) return;
    this.#io.err(formatConsoleLine(level, message, details));
  }

  /**
   * From here on lines go to the logs of the configuration. Resolves when the early log is written and closed: it may
   * be the same file.
   */
  async use(logger: Logger, specs: readonly LogSpec[]): Promise<void> {
    await this.close();
    this.#logger = logger;
    this.#onStderr = (level) =>
      specs.some((spec) => spec.kind === 'stderr' && severity(spec.level) >= severity(level));
  }

  /** Start-up is over: standard error gets no more copies. */
  started(): void {
    this.#starting = false;
  }

  /** Closes the early log if it is still open. */
  async close(): Promise<void> {
    await this.#file?.close();
  }

  #open(path: string, isTold: boolean): FileTarget | undefined {
    try {
      return new FileTarget(path);
    } catch (error) {
      if (isTold) return undefined;
      const reason = error instanceof Error ? error.message : String(error);
      const message = `could not open error log file: ${reason}`;
      this.#io.err(formatConsoleLine('alert', message));
      return undefined;
    }
  }
}

function isForConsole(level: LogLevel): boolean {
  return severity(level) <= severity('warn');
}
