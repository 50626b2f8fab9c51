/** What the rest of the kernel knows of logging. */
import type { LogLevel } from './levels.js';

/** What a log in JSON says of the surroundings of a line. Absent is what does not apply. */
export interface LogFields {
  /** What was going on: the text's ` while <action>`. */
  readonly action?: string | undefined;
  readonly protocol?: string | undefined;
  /** Address of the client, without its port. */
  readonly client?: string | undefined;
  /** Address of the listener. */
  readonly server?: string | undefined;
  /** True where TLS began by a command. */
  readonly starttls?: boolean | undefined;
  /** Version of TLS, for instance `TLSv1.3`. */
  readonly tls?: string | undefined;
  readonly login?: string | undefined;
  /** Address of the backend, from the moment it is connected to. */
  readonly upstream?: string | undefined;
  /** Address of the DNS server that is asked. */
  readonly resolver?: string | undefined;
}

/** What a line is about; asked only by logs that write fields. */
export interface LogSubject {
  fields(): LogFields;
}

/** What belongs to one line besides its message. */
export interface LogDetails {
  /** Connection number, printed as `*16`. */
  readonly connection?: number | undefined;
  /** An operating-system error, printed as ` (111: Connection refused)`. */
  readonly error?: NodeJS.ErrnoException | undefined;
  /** What follows the error: ` while ..., client: ..., server: ...`. Not added at level debug. */
  readonly context?: string | undefined;
  /** The context as fields, for logs in JSON; without it they have the text. */
  readonly subject?: LogSubject | undefined;
}

/** A set of log targets with their levels. */
export interface Logger {
  /** Whether any target takes `level`; ask before composing an expensive message. */
  enabled(level: LogLevel): boolean;
  /** Writes one line. Control characters of `message` are escaped; the line is cut at 2048 bytes. Never throws. */
  log(level: LogLevel, message: string, details?: LogDetails): void;
}
