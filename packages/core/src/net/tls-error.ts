/**
 * What breaks TLS, in the words of nginx's log (ngx_event_openssl.c). OpenSSL's own text is kept, without the thread,
 * function, file and line that Node puts into it: they tell nothing about the peer.
 */
import { PosternError } from '../errors.js';
import { errnoText } from '../log/errno.js';
import { faultText, type CertificateFault } from './certificate-fault.js';

/** TLS that failed. `message` is the whole log line, nothing of it is secret. */
export class TlsError extends PosternError {
  /** nginx's level: what a peer can bring about is `info`, the rest `crit`. */
  readonly level: 'info' | 'crit';

  constructor(
    code: string,
    message: string,
    options: { readonly level?: 'info' | 'crit'; readonly cause?: unknown } = {},
  ) {
    super(code, message, options.cause === undefined ? {} : { cause: options.cause });
    this.level = options.level ?? 'info';
  }
}

/** The peer went away before the handshake was done. */
export function peerClosed(cause?: NodeJS.ErrnoException): TlsError {
  const reason = cause === undefined ? '' : ` (${errnoText(cause)})`;
  const message = `peer closed connection in SSL handshake${reason}`;
  return new TlsError('POSTERN_TLS_PEER_CLOSED', message, { cause });
}

/** The owner closed the connection before the handshake was done. */
export function handshakeAbandoned(): TlsError {
  return new TlsError('POSTERN_TLS_ABANDONED', 'connection closed in SSL handshake');
}

/** The server's certificate is not trusted. */
export function untrustedServer(fault: CertificateFault): TlsError {
  return new TlsError(fault.code, `upstream SSL certificate verify error: (${faultText(fault)})`);
}

/** The server's certificate is not for the name that was asked for; code `HOSTNAME_MISMATCH`. */
export function wrongServerName(name: string): TlsError {
  return new TlsError('HOSTNAME_MISMATCH', `upstream SSL certificate does not match "${name}"`);
}

/** Why a handshake failed, from the error that its socket was destroyed with. */
export function handshakeError(error: NodeJS.ErrnoException): TlsError {
  if (error instanceof TlsError) return error;
  const failed = opensslError(error, 'SSL_do_handshake()');
  if (failed !== undefined) return failed;
  return peerClosed(error.syscall === undefined ? undefined : error);
}

/** The error of a socket after its handshake: OpenSSL's in readable form, any other as it is. */
export function streamError(error: NodeJS.ErrnoException): NodeJS.ErrnoException {
  return opensslError(error, 'SSL_read()') ?? error;
}

/** OpenSSL's libraries whose faults need no fault of the peer's. */
const internalReasons: ReadonlySet<string> = new Set(['internal error', 'malloc failure']);

function opensslError(error: NodeJS.ErrnoException, call: string): TlsError | undefined {
  const code = error.code ?? '';
  if (!code.startsWith('ERR_SSL_') && !code.startsWith('ERR_OSSL_')) return undefined;
  const reasons = error.message
    .split('\n')
    .filter((line) => line !== '')
    .map(opensslReason);
  // The last one is what it came to, and what nginx judges by.
  const last = reasons.at(-1);
  const isExpected = last?.library === 'SSL routines' && !internalReasons.has(last.reason);
  const texts = reasons.map(({ text }) => text).join(' ');
  return new TlsError(code, `${call} failed (SSL: ${texts})`, {
    level: isExpected ? 'info' : 'crit',
    cause: error,
  });
}

/**
 * `error:0A00010B:SSL routines::wrong version number` from
 * `40B7:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:record.c:355:data`, both forms of OpenSSL's
 * ERR_error_string(3).
 */
function opensslReason(line: string): {
  readonly library: string;
  readonly reason: string;
  readonly text: string;
} {
  const start = line.indexOf('error:');
  const [, number, library, , reason, , , data] = line.slice(Math.max(start, 0)).split(':');
  if (start < 0 || number === undefined || library === undefined || reason === undefined) {
    return { library: '', reason: '', text: line };
  }
  const text = `error:${number}:${library}::${reason}`;
  return { library, reason, text: data === undefined || data === '' ? text : `${text}:${data}` };
}
