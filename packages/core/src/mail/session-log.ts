/** The log of one session: every line carries the connection number and nginx's context of the session. */
import type { LogLevel } from '../log/levels.js';
import type { LogFields, Logger, LogSubject } from '../log/logger.js';

/** Facts of a session that its log lines show. */
export interface LogFacts {
  readonly id: number;
  /** `, client: A, server: L, login: "U", upstream: B`. */
  describe(): string;
  /** The same as fields, without the action; asked only by logs in JSON. */
  describeFields?(): LogFields;
}

/** Writes lines of one session. */
export class SessionLog implements LogSubject {
  /** What the session is doing, shown as ` while <action>`. */
  action = '';
  #logger: Logger;
  readonly #facts: LogFacts;

  constructor(logger: Logger, facts: LogFacts) {
    this.#logger = logger;
    this.#facts = facts;
  }

  /** Writes to another log from here on. */
  use(logger: Logger): void {
    this.#logger = logger;
  }

  /** Whether a line of `level` would be written. */
  enabled(level: LogLevel): boolean {
    return this.#logger.enabled(level);
  }

  /** A line with the session's context; `error` adds ` (ERRNO: text)`. */
  write(level: LogLevel, message: string, error?: NodeJS.ErrnoException): void {
    if (!this.#logger.enabled(level)) return;
    const doing = this.action === '' ? '' : ` while ${this.action}`;
    const context = doing + this.#facts.describe();
    this.#logger.log(level, message, { connection: this.#facts.id, error, context, subject: this });
  }

  /** A line with the connection number and, as text, nothing else of the session. */
  bare(level: LogLevel, message: string): void {
    this.#logger.log(level, message, { connection: this.#facts.id, subject: this });
  }

  fields(): LogFields {
    return { action: this.action, ...this.#facts.describeFields?.() };
  }

  /** A failure that is not the session's own: names the module, or what is known. */
  fault(error: unknown): void {
    if (error === undefined) return;
    this.write('error', faultText(error));
  }

  info(message: string, error?: NodeJS.ErrnoException): void {
    this.write('info', message, error);
  }

  warn(message: string, error?: NodeJS.ErrnoException): void {
    this.write('warn', message, error);
  }

  error(message: string, error?: NodeJS.ErrnoException): void {
    this.write('error', message, error);
  }
}

function faultText(error: unknown): string {
  if (!(error instanceof Error)) return `unexpected failure: ${String(error)}`;
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
