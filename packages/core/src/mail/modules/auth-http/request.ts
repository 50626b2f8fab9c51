/**
 * The request to an auth server, in bytes and in nginx's order of headers (ngx_mail_auth_http_create_request). What is
 * the same for every login of a server is laid out once; a login adds its own in one buffer that is written at once.
 *
 * Nothing a client sends can end a header line: bytes 0x00 to 0x20 and `%` of login and password are percent-encoded,
 * all others are sent as they are, so that a plain percent-decoder gives the bytes back.
 */
import type { AuthMethod } from '../../credentials.js';
import { sessionHeaders, type HeaderFacts } from './session-headers.js';
import type { AuthService } from './url.js';

/** What all requests of a server share. */
export interface RequestOptions {
  readonly service: AuthService;
  /** The value of `Auth-Protocol`. */
  readonly protocol: string;
  /** `auth_http_header`, in order, sent as written. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** HTTP/1.1 on a connection that is kept, or nginx's HTTP/1.0. */
  readonly keepAlive: boolean;
  /** `auth_http_pass_client_cert`. */
  readonly passClientCert: boolean;
}

/** What one request is about. */
export interface RequestFacts extends HeaderFacts {
  readonly method: AuthMethod;
  readonly login: Uint8Array;
  /** Password or digest. */
  readonly secret: Uint8Array;
  /** The challenge of apop and cram-md5. */
  readonly salt: string | undefined;
  /** Credential submissions of the session so far, this one included. */
  readonly attempt: number;
  /** The client's address without port; `unix:` for a UNIX client. */
  readonly clientAddress: string;
}

const space = 0x20;
const percent = 0x25;
const hexDigits = Buffer.from('0123456789ABCDEF');
const afterLogin = Buffer.from('\r\nAuth-Pass: ');

/** Lays out the requests of one server. */
export class RequestTemplate {
  readonly #start: string;
  readonly #protocol: string;
  readonly #tail: Buffer;
  readonly #passClientCert: boolean;
  readonly #heads = new Map<AuthMethod, Buffer>();

  constructor(options: RequestOptions) {
    const { service, protocol, headers, keepAlive } = options;
    const version = keepAlive ? '1.1' : '1.0';
    const connection = keepAlive ? 'Connection: keep-alive\r\n' : '';
    this.#start = `GET ${service.uri} HTTP/${version}\r\nHost: ${service.hostHeader}\r\n${connection}`;
    this.#protocol = protocol;
    this.#passClientCert = options.passClientCert;
    this.#tail = Buffer.from(
      headers.map(([name, value]) => `${name}: ${value}\r\n`).join('') + '\r\n',
    );
    // The usual one belongs to the configuration, not to the first session that needs it.
    this.#head('plain');
  }

  /** The bytes of one request. They hold the password: overwrite them once they are sent. */
  encode(facts: RequestFacts): Buffer {
    const head = this.#head(facts.method);
    const rest = this.#rest(facts);
    const more = sessionHeaders(facts, this.#passClientCert);
    const { login, secret } = facts;
    const longest =
      head.length +
      afterLogin.length +
      more.length +
      this.#tail.length +
      3 * (login.length + secret.length + rest.length);
    const bytes = Buffer.allocUnsafe(longest);
    bytes.set(head, 0);
    let at = escapeInto(bytes, head.length, login);
    bytes.set(afterLogin, at);
    at = escapeInto(bytes, at + afterLogin.length, secret);
    at += bytes.write(rest, at);
    at += bytes.write(more, at, 'latin1');
    bytes.set(this.#tail, at);
    return bytes.subarray(0, at + this.#tail.length);
  }

  /** Everything before the login. */
  #head(method: AuthMethod): Buffer {
    let head = this.#heads.get(method);
    if (head === undefined) {
      head = Buffer.from(`${this.#start}Auth-Method: ${method}\r\nAuth-User: `);
      this.#heads.set(method, head);
    }
    return head;
  }

  /** What every session has between the password and its own headers. */
  #rest(facts: RequestFacts): string {
    const salted = facts.method === 'apop' || facts.method === 'cram-md5';
    const salt = salted ? `Auth-Salt: ${facts.salt ?? ''}\r\n` : '';
    return (
      `\r\n${salt}Auth-Protocol: ${this.#protocol}\r\n` +
      `Auth-Login-Attempt: ${String(facts.attempt)}\r\nClient-IP: ${facts.clientAddress}\r\n`
    );
  }
}

/** Writes `bytes` percent-encoded at `at` of `target`, which has room for three times their length. Returns the end. */
function escapeInto(target: Buffer, at: number, bytes: Uint8Array): number {
  let end = at;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte > space && byte !== percent) {
      target[end] = byte;
      end += 1;
      continue;
    }
    target[end] = percent;
    target[end + 1] = hexDigits[byte >> 4] ?? 0;
    target[end + 2] = hexDigits[byte & 15] ?? 0;
    end += 3;
  }
  return end;
}
