/** Errors of processes: what the system refuses them. */
import { PosternError } from '../errors.js';
import { errnoText } from '../log/errno.js';
import { toSystemError } from '../log/file-target.js';

/** A call that a process cannot go on without failed: `setgid(65534) failed (1: Operation not permitted)`. */
export function callFailed(call: string, error: unknown): PosternError {
  const message = `${call} failed (${errnoText(toSystemError(error))})`;
  return new PosternError('POSTERN_PROCESS_CALL', message, { cause: error });
}

/** The system does not know the account that workers are to run as where the configuration names none. */
export function noAccount(call: 'getpwnam' | 'getgrnam', name: string): PosternError {
  return new PosternError('POSTERN_PROCESS_ACCOUNT', `${call}("${name}") failed`);
}

/** The process could take back the rights it has dropped. */
export function rightsRemain(): PosternError {
  return new PosternError('POSTERN_PROCESS_RIGHTS', 'setuid() did not drop privileges for good');
}

/** The workers of a configuration did not come to accept clients; `reason` is the last thing one of them said. */
export function notServing(reason: string): PosternError {
  return new PosternError('POSTERN_PROCESS_WORKERS', reason);
}
