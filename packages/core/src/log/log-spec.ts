/** What one `error_log` directive asks for. */
import type { LogFormat } from './log-format.js';
import type { LogLevel } from './levels.js';

/** What every log has. */
interface AnyLogSpec {
  /** The least severe level that is written. */
  readonly level: LogLevel;
  /** Form of the lines. Default `text`. */
  readonly format?: LogFormat;
  /** The most lines of one level that are written in a second; without it all of them. */
  readonly rate?: number;
}

/** A log file. */
export interface FileLogSpec extends AnyLogSpec {
  readonly kind: 'file';
  /** Absolute, or relative to the working directory where the prefix is. */
  readonly path: string;
}

/** Standard error. */
export interface StderrLogSpec extends AnyLogSpec {
  readonly kind: 'stderr';
}

/** What a message to any syslog has. */
export interface SyslogLabels {
  /** 0 (`kern`) to 23 (`local7`). */
  readonly facility: number;
  readonly tag: string;
  /** Whether messages carry the name of this host. */
  readonly hostname: boolean;
}

/** A syslog server that takes UDP datagrams. */
export interface SyslogSpec extends AnyLogSpec, SyslogLabels {
  readonly kind: 'syslog';
  /** A literal IP address. */
  readonly address: string;
  readonly port: number;
}

/** A syslog server of this host that takes datagrams on a UNIX-domain socket, such as `/dev/log`. */
export interface SyslogSocketSpec extends AnyLogSpec, SyslogLabels {
  readonly kind: 'syslogSocket';
  readonly path: string;
}

/** A log and the least severe level it takes. */
export type LogSpec = FileLogSpec | StderrLogSpec | SyslogSpec | SyslogSocketSpec;

/** The log at `path`, where `stderr` stands for standard error as in `-e`. */
export function fileOrStderr(path: string, level: LogLevel): LogSpec {
  return path === 'stderr' ? { kind: 'stderr', level } : { kind: 'file', path, level };
}

function isLocal(spec: LogSpec): boolean {
  return spec.kind === 'file' || spec.kind === 'stderr';
}

/**
 * The logs of the main level: `specs`, and `fallback` where none of them is a file or standard error. So a process
 * with syslog alone still says somewhere local what is wrong (ngx_log_open_default).
 */
export function withDefaultLog(specs: readonly LogSpec[], fallback: LogSpec): readonly LogSpec[] {
  return specs.some(isLocal) ? specs : [...specs, fallback];
}
