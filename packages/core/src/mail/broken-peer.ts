/** nginx's log lines about connections that broke: our own, to an auth server or a backend, and those of clients. */
import type { LogLevel } from '../log/levels.js';
import { TlsError } from '../net/tls-error.js';
import type { SessionLog } from './session-log.js';

/** What a failed connect is called error for; the rest is crit (ngx_event_connect_peer). */
const ordinary: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENETDOWN',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EAGAIN',
]);

/** Failures of a TCP connect that the kernel tells later, when nginx is already waiting for the answer. */
const later: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ETIMEDOUT',
]);

/** The other side of the connection. */
export interface PeerName {
  /** Its address as in messages. */
  readonly name: string;
  /** What nginx does when it finds a read broken, as the log shows it; the same as before where it is left out. */
  readonly reading?: string;
}

/** Writes what nginx writes. */
export function logBroken(
  error: NodeJS.ErrnoException,
  { name, reading }: PeerName,
  log: SessionLog,
): void {
  const code = error.code ?? '';
  const isUnix = name.toLowerCase().startsWith('unix:');
  if (error.syscall === 'connect' && (isUnix || !later.has(code))) {
    const level: LogLevel = ordinary.has(code) ? 'error' : 'crit';
    log.write(level, `connect() to ${name} failed`, error);
    return;
  }
  if (error instanceof TlsError) {
    log.write(levelOfBackend(error), error.message);
    return;
  }
  if (error.syscall === 'write') {
    log.error('send() failed', error);
    return;
  }
  if (reading !== undefined) log.action = reading;
  log.error('recv() failed', error);
}

/** What a backend can bring about is an error, where it is info of a client (ngx_ssl_connection_error). */
export function levelOfBackend({ level }: TlsError): LogLevel {
  return level === 'crit' ? 'crit' : 'error';
}

/**
 * Writes what nginx writes where a client's connection broke: most of it is nothing but info. Inside TLS a reset is an end
 * like any other there (ngx_ssl_handle_recv), and gets no line.
 */
export function logBrokenClient(
  error: NodeJS.ErrnoException,
  log: SessionLog,
  isTls: boolean,
): void {
  const isWrite = error.syscall === 'write';
  if (error instanceof TlsError) log.write(error.level, error.message);
  else if (!isTls) log.info(isWrite ? 'send() failed' : 'recv() failed', error);
  else if (isWrite) log.info('SSL_write() failed', error);
}
