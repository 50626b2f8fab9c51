/** Errors of the mail layer that are not thrown by the system. */
import { PosternError } from '../errors.js';
import { errnoText, systemError } from '../log/errno.js';

/** What log lines about a passed deadline show: ` (110: Connection timed out)`. */
export const timedOut = systemError('ETIMEDOUT');

/** Credentials that cannot be sent to a backend of this protocol without becoming something else. */
export function unsafeCredentials(reason: string): PosternError {
  return new PosternError('POSTERN_LOGIN_UNSAFE', reason);
}

/** `converse()` of a session whose login is over. */
export function loginIsOver(): PosternError {
  return new PosternError('POSTERN_LOGIN_OVER', 'the login of this session is over');
}

/** bind() failed for a reason that waiting does not mend. */
export function bindFailed(address: string, error: NodeJS.ErrnoException): PosternError {
  const message = `bind() to ${address} failed (${errnoText(error)})`;
  return new PosternError('POSTERN_LISTEN_FAILED', message, { cause: error });
}

/** listen() on a socket that is bound already failed. */
export function listenFailed(
  address: string,
  backlog: number,
  error: NodeJS.ErrnoException,
): PosternError {
  const message = `listen() to ${address}, backlog ${String(backlog)} failed (${errnoText(error)})`;
  return new PosternError('POSTERN_LISTEN_FAILED', message, { cause: error });
}

/** An address stayed busy over all attempts. */
export function stillNotBound(): PosternError {
  return new PosternError('POSTERN_LISTEN_BUSY', 'still could not bind()');
}

/** `worker_connections` leaves no room for clients. */
export function tooFewConnections(limit: number, listening: number): PosternError {
  return new PosternError(
    'POSTERN_LISTEN_CONNECTIONS',
    `${String(limit)} worker_connections are not enough for ${String(listening)} listening sockets`,
  );
}

/** A tap has not settled in its time; the module and the hook are named by who wraps it. */
export function noAnswer(ms: number): PosternError {
  return new PosternError('POSTERN_NO_ANSWER', `no answer within ${String(ms)} ms ("timeout")`);
}
