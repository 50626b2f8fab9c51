/** What an auth server can answer, good and bad. */
import { toBytes } from './bytes-text.js';

/** An answer in the protocol's own terms; every header is sent as given, without checks. */
export interface HeaderAnswer {
  /** Value of `Auth-Status`; default `OK`; `undefined` given explicitly leaves the header out. */
  readonly status?: string | undefined;
  /** Value of `Auth-Server`. */
  readonly server?: string;
  /** Value of `Auth-Port`. */
  readonly port?: number;
  /** Value of `Auth-Wait`, in seconds. */
  readonly wait?: number;
  /** Value of `Auth-User`: replaces the login. */
  readonly user?: string;
  /** Value of `Auth-Pass`: replaces the password. */
  readonly pass?: string;
  /** Value of `Auth-Error-Code` (SMTP). */
  readonly errorCode?: string;
  /** Further headers, behind the others. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Default `200 OK`. */
  readonly httpStatus?: string;
  /** Default: what the request asks for. */
  readonly keepAlive?: boolean;
}

/** An answer that is bytes or misbehaviour. */
export type OddAnswer =
  /** These bytes and nothing else; `then` says what becomes of the connection (default `close`). */
  | { readonly raw: string | Uint8Array; readonly then?: 'close' | 'keep' | 'reset' }
  /** Never answers; the connection stays open. */
  | { readonly hang: true }
  /** Closes without an answer: with FIN, or with RST. */
  | { readonly hangUp: 'fin' | 'reset' }
  /** Sends `bytesEach` bytes (default 1), waits `everyMs`, and so on; then closes. */
  | { readonly drip: string | Uint8Array; readonly everyMs: number; readonly bytesEach?: number };

/** What a test may answer: headers, misbehaviour, or bytes (sent as they are, then the connection is closed). */
export type AuthAnswer = HeaderAnswer | OddAnswer | string | Uint8Array;

/** The login is accepted; the backend is at this port of 127.0.0.1 unless `server` says otherwise. */
export const acceptLogin = (port: number, more: HeaderAnswer = {}): HeaderAnswer => ({
  server: '127.0.0.1',
  port,
  ...more,
});

/** The login is refused with `text`; with `wait` (seconds) the client may try again on the same connection. */
export const refuseLogin = (text: string, wait?: number): HeaderAnswer => ({
  status: text,
  ...(wait === undefined ? {} : { wait }),
});

/** Whether an answer is headers, and not bytes or misbehaviour. */
export function isHeaderAnswer(answer: AuthAnswer): answer is HeaderAnswer {
  if (typeof answer === 'string' || answer instanceof Uint8Array) return false;
  return !('raw' in answer || 'hang' in answer || 'hangUp' in answer || 'drip' in answer);
}

/** The bytes of an answer. HTTP/1.0 for a connection that ends, HTTP/1.1 with a length for one that is kept. */
export function printAnswer(answer: HeaderAnswer, keep: boolean): Buffer {
  const version = keep ? 'HTTP/1.1' : 'HTTP/1.0';
  let text = `${version} ${answer.httpStatus ?? '200 OK'}\r\n`;
  const add = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) text += `${name}: ${String(value)}\r\n`;
  };
  add('Auth-Status', 'status' in answer ? answer.status : 'OK');
  add('Auth-Server', answer.server);
  add('Auth-Port', answer.port);
  add('Auth-Wait', answer.wait);
  add('Auth-User', answer.user);
  add('Auth-Pass', answer.pass);
  add('Auth-Error-Code', answer.errorCode);
  for (const [name, value] of answer.headers ?? []) add(name, value);
  text += keep ? 'Content-Length: 0\r\nConnection: keep-alive\r\n' : 'Connection: close\r\n';
  return toBytes(`${text}\r\n`);
}
