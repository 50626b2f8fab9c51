/**
 * The pid file (ngx_create_pidfile and ngx_delete_pidfile in ngx_cycle.c). Other than nginx's it is not followed
 * through a symbolic link, and at exit it is removed only while it still names this process.
 */
import { closeSync, constants, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { openFailure, toSystemError } from '../log/file-target.js';

const mode = 0o644;
const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

function openPidFile(path: string, extraFlags: number): number {
  try {
    return openSync(path, flags | extraFlags, mode);
  } catch (error) {
    throw openFailure(path, toSystemError(error));
  }
}

/** `-t`: checks that the file can be written; makes an empty one where there is none. Throws a ConfigError. */
export function testPidFile(path: string): void {
  closeSync(openPidFile(path, 0));
}

/** Writes `pid` and LF. Throws a ConfigError with nginx's `open() "PATH" failed (...)`. */
export function writePidFile(path: string, pid = process.pid): void {
  const fd = openPidFile(path, constants.O_TRUNC);
  try {
    writeSync(fd, `${String(pid)}\n`);
  } catch (error) {
    throw openFailure(path, toSystemError(error));
  } finally {
    closeSync(fd);
  }
}

/** Removes the file if it still names `pid`. The error of the system is for the log: `unlink() "PATH" failed (...)`. */
export function removePidFile(path: string, pid = process.pid): NodeJS.ErrnoException | undefined {
  try {
    if (readFileSync(path, 'utf8') === `${String(pid)}\n`) unlinkSync(path);
    return undefined;
  } catch (error) {
    return toSystemError(error);
  }
}
