/** What really stands in the way of a UNIX-domain socket: libuv says EACCES where its folder is not there. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemError } from '../log/errno.js';

/** `error` of binding to `path`, as the system had it. */
export function unixBindError<E>(path: string, error: E): E | NodeJS.ErrnoException {
  const isDenied = error instanceof Error && 'code' in error && error.code === 'EACCES';
  return isDenied && !existsSync(dirname(path)) ? systemError('ENOENT') : error;
}
