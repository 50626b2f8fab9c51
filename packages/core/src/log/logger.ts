/** What the rest of the kernel knows of logging. */
import type { LogLevel } from './levels.js';

/** What belongs to one line besides its message. */
export interface LogDetails {
  /** Connection number, printed as `*16`. */
  readonly connection?: number | undefined;
  /** An operating-system error, printed as ` (111: Connection refused)`. */
  readonly error?: NodeJS.ErrnoException | undefined;
  /** What follows the error: ` while ..., client: ..., server: ...`. Not added at level debug. */
  readonly context?: string | undefined;
}

/** A set of log targets with their levels. */
export interface Logger {
  /** Whether any target takes `level`; ask before composing an expensive message. */
  enabled(level: LogLevel): boolean;
  /** Writes one line. Control characters of `message` are escaped; the line is cut at 2048 bytes. Never throws. */
  log(level: LogLevel, message: string, details?: LogDetails): void;
}
