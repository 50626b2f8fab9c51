/** The compiled-in names of nginx and how `-p`, `-c` and `-e` change them (ngx_process_options in nginx.c). */
import { resolvePath } from '../config/codec.js';
import type { CommandOptions } from './options.js';

/** nginx's names when it is configured without any `--prefix`. */
export const compiledIn = {
  prefix: '/usr/local/nginx/',
  file: 'conf/nginx.conf',
  errorLog: 'logs/error.log',
  pid: 'logs/nginx.pid',
} as const;

/** Where a process finds its files. */
export interface CommandPaths {
  /** With a trailing slash; empty for `-p ""`. */
  readonly prefix: string;
  /** The main configuration file. */
  readonly file: string;
  /** The log before the configuration has its say, or `stderr`. */
  readonly errorLog: string;
}

function withSlash(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

/** The paths that follow from the command line. A relative `-p` keeps all of them relative, as in nginx. */
export function commandPaths(options: CommandOptions): CommandPaths {
  const prefix = withSlash(options.prefix ?? compiledIn.prefix);
  const log = options.errorLog ?? compiledIn.errorLog;
  return {
    prefix,
    file: resolvePath(options.file ?? compiledIn.file, prefix),
    errorLog: log === 'stderr' || log === '' ? 'stderr' : resolvePath(log, prefix),
  };
}
