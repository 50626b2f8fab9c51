/** What one `error_log` directive asks for. */
import type { LogLevel } from './levels.js';

/** A log file. */
export interface FileLogSpec {
  readonly kind: 'file';
  /** Absolute, or relative to the working directory where the prefix is. */
  readonly path: string;
  readonly level: LogLevel;
}

/** Standard error. */
export interface StderrLogSpec {
  readonly kind: 'stderr';
  readonly level: LogLevel;
}

/** A syslog server that takes UDP datagrams. */
export interface SyslogSpec {
  readonly kind: 'syslog';
  /** A literal IP address. */
  readonly address: string;
  readonly port: number;
  /** 0 (`kern`) to 23 (`local7`). */
  readonly facility: number;
  readonly tag: string;
  /** Whether datagrams carry the name of this host. */
  readonly hostname: boolean;
  readonly level: LogLevel;
}

/** A log and the least severe level it takes. */
export type LogSpec = FileLogSpec | StderrLogSpec | SyslogSpec;

/** The log at `path`, where `stderr` stands for standard error as in `-e`. */
export function fileOrStderr(path: string, level: LogLevel): LogSpec {
  return path === 'stderr' ? { kind: 'stderr', level } : { kind: 'file', path, level };
}

/**
 * The logs of the main level: `specs`, and `fallback` where none of them is a file or standard error. So a process
 * with syslog alone still says somewhere local what is wrong (ngx_log_open_default).
 */
export function withDefaultLog(specs: readonly LogSpec[], fallback: LogSpec): readonly LogSpec[] {
  return specs.some((spec) => spec.kind !== 'syslog') ? specs : [...specs, fallback];
}
