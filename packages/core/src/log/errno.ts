/**
 * Texts of operating-system errors as nginx prints them: `111: Connection refused`.
 *
 * Node has the number and the name of an error but not the text of strerror(3) (its own texts differ), so the Linux
 * texts stand here, keyed by name: names are the same on every system, numbers are not.
 */
import { constants } from 'node:os';
import { PosternError } from '../errors.js';

const texts: Readonly<Record<string, string>> = {
  E2BIG: 'Argument list too long',
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  EAGAIN: 'Resource temporarily unavailable',
  EALREADY: 'Operation already in progress',
  EBADF: 'Bad file descriptor',
  EBUSY: 'Device or resource busy',
  ECANCELED: 'Operation canceled',
  ECHILD: 'No child processes',
  ECONNABORTED: 'Software caused connection abort',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EDESTADDRREQ: 'Destination address required',
  EDQUOT: 'Disk quota exceeded',
  EEXIST: 'File exists',
  EFAULT: 'Bad address',
  EFBIG: 'File too large',
  EHOSTDOWN: 'Host is down',
  EHOSTUNREACH: 'No route to host',
  EINTR: 'Interrupted system call',
  EINVAL: 'Invalid argument',
  EIO: 'Input/output error',
  EISCONN: 'Transport endpoint is already connected',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  EMFILE: 'Too many open files',
  EMLINK: 'Too many links',
  EMSGSIZE: 'Message too long',
  ENAMETOOLONG: 'File name too long',
  ENETDOWN: 'Network is down',
  ENETRESET: 'Network dropped connection on reset',
  ENETUNREACH: 'Network is unreachable',
  ENFILE: 'Too many open files in system',
  ENOBUFS: 'No buffer space available',
  ENODEV: 'No such device',
  ENOENT: 'No such file or directory',
  ENOMEM: 'Cannot allocate memory',
  ENOPROTOOPT: 'Protocol not available',
  ENOSPC: 'No space left on device',
  ENOSYS: 'Function not implemented',
  ENOTCONN: 'Transport endpoint is not connected',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  ENOTSOCK: 'Socket operation on non-socket',
  ENOTSUP: 'Operation not supported',
  ENOTTY: 'Inappropriate ioctl for device',
  ENXIO: 'No such device or address',
  EOPNOTSUPP: 'Operation not supported',
  EOVERFLOW: 'Value too large for defined data type',
  EPERM: 'Operation not permitted',
  EPIPE: 'Broken pipe',
  EPROTO: 'Protocol error',
  EPROTONOSUPPORT: 'Protocol not supported',
  EPROTOTYPE: 'Protocol wrong type for socket',
  ERANGE: 'Numerical result out of range',
  EROFS: 'Read-only file system',
  ESHUTDOWN: 'Cannot send after transport endpoint shutdown',
  ESPIPE: 'Illegal seek',
  ESRCH: 'No such process',
  ESTALE: 'Stale file handle',
  ETIMEDOUT: 'Connection timed out',
  ETXTBSY: 'Text file busy',
  EXDEV: 'Invalid cross-device link',
};

/** Numbers that Node does not list, as on Linux. */
const unlisted: Readonly<Record<string, number>> = { EHOSTDOWN: 112, ESHUTDOWN: 108 };

const numbers: Readonly<Record<string, number>> = { ...unlisted, ...constants.errno };

/** The number of an operating-system error, 111 for ECONNREFUSED; `undefined` where it has none (TLS, DNS). */
export function errorNumber(error: NodeJS.ErrnoException): number | undefined {
  return error.errno === undefined ? numbers[error.code ?? ''] : Math.abs(error.errno);
}

/**
 * What an error says without its number: `Connection refused`. An error that the table does not have gives its code, one
 * without code its name: never its message, which may quote what the peer sent.
 */
export function errorReason(error: NodeJS.ErrnoException): string {
  const code = error.code ?? '';
  const number = errorNumber(error);
  if (number === undefined) return code === '' ? error.name : code;
  return texts[code] ?? (code === '' ? `Unknown error ${String(number)}` : code);
}

/** `NUMBER: text` of an operating-system error, as in ` (111: Connection refused)`; without number the reason alone. */
export function errnoText(error: NodeJS.ErrnoException): string {
  const number = errorNumber(error);
  const reason = errorReason(error);
  return number === undefined ? reason : `${String(number)}: ${reason}`;
}

/**
 * An error of the operating system that we find ourselves, for log lines: `systemError('ETIMEDOUT')` is printed as
 * ` (110: Connection timed out)`.
 */
export function systemError(code: string): NodeJS.ErrnoException {
  return new PosternError(code, texts[code] ?? code);
}
