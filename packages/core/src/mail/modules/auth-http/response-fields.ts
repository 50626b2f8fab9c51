/**
 * What an auth server's answer says. The last of several headers of one name counts, except that a refusal is never
 * taken back and `WAIT` stays. Values are copied: the bytes they came in are reused.
 */
import { parseDecimal } from '../../../net/address.js';

type Field = 'server' | 'port' | 'serverTls' | 'user' | 'secret' | 'errorCode';

const fields: ReadonlyMap<string, Field> = new Map([
  ['auth-server', 'server'],
  ['auth-port', 'port'],
  ['auth-server-tls', 'serverTls'],
  ['auth-user', 'user'],
  ['auth-pass', 'secret'],
  ['auth-error-code', 'errorCode'],
]);

/** An answer, header by header. */
export class AuthResponse {
  /** The HTTP status; undefined without a status line, 0 where the line has none. */
  httpStatus: number | undefined = undefined;
  /** Whether the status line says HTTP/1.1. */
  persistent = false;
  /** The text of a refusal: `Auth-Status` other than `OK` and `WAIT`. May be empty. */
  refusal: Buffer | undefined = undefined;
  /** `Auth-Status: WAIT` was seen. */
  wait = false;
  /** `Auth-Wait` in seconds; 0 without a usable one. */
  waitSeconds = 0;
  server: Buffer | undefined = undefined;
  port: Buffer | undefined = undefined;
  /** `Auth-Server-TLS`, which nginx does not know. */
  serverTls: Buffer | undefined = undefined;
  user: Uint8Array | undefined = undefined;
  secret: Uint8Array | undefined = undefined;
  errorCode: Buffer | undefined = undefined;
  /** Bytes of body by `Content-Length`; -1 = unusable or contradictory. */
  contentLength: number | undefined = undefined;
  /** `Transfer-Encoding: chunked`, and nothing else. */
  chunked: boolean | undefined = undefined;

  /** Whether the login may go ahead as far as HTTP is concerned: no status line, or a 2xx one. */
  get httpSuccess(): boolean {
    const status = this.httpStatus;
    return status === undefined || (status >= 200 && status <= 299);
  }

  /** Takes a status line from behind `HTTP/`. */
  setStatusLine(line: string): void {
    this.persistent = line.startsWith('1.1 ');
    const blank = line.indexOf(' ');
    const code = blank < 0 ? '' : line.slice(blank + 1, blank + 4);
    const after = line.charAt(blank + 4);
    const status = after === '' || after === ' ' ? parseDecimal(code) : undefined;
    this.httpStatus = code.length === 3 && status !== undefined ? status : 0;
  }

  /** Takes a header; `name` in lower case. */
  setHeader(name: string, value: Buffer): void {
    const field = fields.get(name);
    if (field !== undefined) {
      this[field] = Buffer.from(value);
      return;
    }
    switch (name) {
      case 'auth-status':
        this.#setStatus(value);
        return;
      case 'auth-wait':
        this.waitSeconds = parseDecimal(value.toString('latin1')) ?? this.waitSeconds;
        return;
      case 'connection':
        if (value.toString('latin1').toLowerCase().includes('close')) this.persistent = false;
        return;
      case 'content-length':
        this.contentLength =
          this.contentLength === undefined ? (parseDecimal(value.toString('latin1')) ?? -1) : -1;
        return;
      case 'transfer-encoding':
        this.chunked =
          this.chunked === undefined && value.toString('latin1').toLowerCase() === 'chunked';
    }
  }

  #setStatus(value: Buffer): void {
    const text = value.toString('latin1');
    if (text === 'OK') return;
    if (text === 'WAIT') this.wait = true;
    else this.refusal = Buffer.from(value);
  }
}
