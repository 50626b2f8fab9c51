/**
 * The open logs of a process. Equal logs are opened once however many servers name them, so one signal reopens all
 * and one call flushes all.
 */
import { ErrorLog, type LogOutput, type LogTarget } from './error-log.js';
import { FileTarget, openFailure } from './file-target.js';
import type { LogSpec } from './log-spec.js';
import type { Logger } from './logger.js';
import { RateLimit } from './rate-limit.js';
import { StderrTarget } from './stderr-target.js';
import { SyslogSocketTarget } from './syslog-socket-target.js';
import { SyslogTarget } from './syslog-target.js';

/** What makes two logs the same, apart from level, form and rate: one file is open once. */
function identity(spec: LogSpec): string {
  switch (spec.kind) {
    case 'file':
      return `file:${spec.path}`;
    case 'stderr':
      return 'stderr';
    case 'syslog': {
      const { address, port, facility, tag, hostname } = spec;
      return JSON.stringify([address, port, facility, tag, hostname]);
    }
    case 'syslogSocket': {
      const { path, facility, tag, hostname } = spec;
      return JSON.stringify([path, facility, tag, hostname]);
    }
    default:
      return spec satisfies never;
  }
}

/** A pool of open logs. */
export class LogTargets {
  readonly #targets = new Map<string, LogTarget>();
  readonly #limits: RateLimit[] = [];
  readonly #stderr: LogTarget | undefined;
  /** Loggers by the list they were made of: servers that inherit a list share the logger too. */
  readonly #loggers = new WeakMap<readonly LogSpec[], Logger>();

  /** @param stderr - what stands for standard error; the command gives its own. */
  constructor(stderr?: LogTarget) {
    this.#stderr = stderr;
  }

  /**
   * A logger over `specs`. Throws a ConfigError with nginx's `open() "PATH" failed (13: Permission denied)` where a
   * file cannot be opened.
   */
  logger(specs: readonly LogSpec[]): Logger {
    const known = this.#loggers.get(specs);
    if (known !== undefined) return known;
    const logger = new ErrorLog(specs.map((spec) => this.#output(spec)));
    this.#loggers.set(specs, logger);
    return logger;
  }

  /** Paths of the open files, as configured. */
  get paths(): readonly string[] {
    const targets = [...this.#targets.values()];
    return targets.flatMap((target) => (target instanceof FileTarget ? [target.path] : []));
  }

  /** Opens every file anew under its name; the sentences of those that could not be opened and stay as they were. */
  reopenAll(): readonly string[] {
    const failures: string[] = [];
    for (const target of this.#targets.values()) {
      const error = target.reopen();
      if (error === undefined) continue;
      const path = target instanceof FileTarget ? target.path : '';
      failures.push(openFailure(path, error).message);
    }
    return failures;
  }

  /** Writes what is in memory, for the moment before the process ends. */
  flushAllSync(): void {
    this.#settleLimits();
    for (const target of this.#targets.values()) target.flushSync();
  }

  /** Writes what is in memory and closes all files and sockets. Lines that come later are dropped. */
  async closeAll(): Promise<void> {
    this.#settleLimits();
    await Promise.all([...this.#targets.values()].map((target) => target.close()));
  }

  #settleLimits(): void {
    for (const limit of this.#limits) limit.settle();
  }

  #output(spec: LogSpec): LogOutput {
    const { level, format = 'text', rate } = spec;
    const target = this.#target(spec);
    if (rate === undefined) return { level, format, target };
    const limit = new RateLimit(target, rate, format);
    this.#limits.push(limit);
    return { level, format, target: limit };
  }

  #target(spec: LogSpec): LogTarget {
    const name = identity(spec);
    const known = this.#targets.get(name);
    if (known !== undefined) return known;
    const target = this.#open(spec);
    this.#targets.set(name, target);
    return target;
  }

  #open(spec: LogSpec): LogTarget {
    switch (spec.kind) {
      case 'file':
        return new FileTarget(spec.path, undefined, spec.format);
      case 'stderr':
        return this.#stderr ?? new StderrTarget(undefined, spec.format);
      case 'syslog':
        return new SyslogTarget(spec);
      case 'syslogSocket':
        return new SyslogSocketTarget(spec);
      default:
        return spec satisfies never;
    }
  }
}
