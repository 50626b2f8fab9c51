/** One request to an auth server, byte for byte as it came. All text is Latin-1: one character, one byte. */
import { toText } from './bytes-text.js';

/** A header as it was written: name, and value without the spaces around it. */
export type Header = readonly [name: string, value: string];

/** Decodes `%XX`; everything else is left alone, so `+` is a plus. */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_match, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** A recorded request. Parsed only where it is looked at. */
export class AuthRequest {
  /** The head, its empty line included. */
  readonly bytes: Buffer;
  /** Number of the connection it came on, from 1. */
  readonly connection: number;
  #headers: readonly Header[] | undefined;

  constructor(bytes: Buffer, connection: number) {
    this.bytes = bytes;
    this.connection = connection;
  }

  /** The head as text. */
  get text(): string {
    return toText(this.bytes);
  }

  /** The lines of the head without their line ends: the request line first, the empty line left out. */
  get lines(): readonly string[] {
    return this.text.slice(0, -4).split('\r\n');
  }

  /** The request line, for instance `GET /auth HTTP/1.0`. */
  get requestLine(): string {
    return this.lines[0] ?? '';
  }

  /** The path and query that were asked for. */
  get target(): string {
    return this.requestLine.split(' ')[1] ?? '';
  }

  /** Headers in the order they came. */
  get headers(): readonly Header[] {
    this.#headers ??= this.lines.slice(1).map(splitHeader);
    return this.#headers;
  }

  /** The first value of a header, whatever the case of its name. */
  header(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.headers.find(([each]) => each.toLowerCase() === wanted)?.[1];
  }

  /** `plain`, `apop`, `cram-md5`, `external`, `none`. */
  get method(): string {
    return this.header('Auth-Method') ?? '';
  }

  /** The login, decoded. */
  get user(): string {
    return percentDecode(this.header('Auth-User') ?? '');
  }

  /** The password or digest, decoded. */
  get pass(): string {
    return percentDecode(this.header('Auth-Pass') ?? '');
  }

  /** `imap`, `pop3`, `smtp`. */
  get protocol(): string {
    return this.header('Auth-Protocol') ?? '';
  }

  /** Credential submissions of this client so far, this one included. */
  get attempt(): number {
    return Number(this.header('Auth-Login-Attempt') ?? '0');
  }

  /** The client's address as the proxy gives it. */
  get clientIp(): string {
    return this.header('Client-IP') ?? '';
  }

  /** Whether the request lets the server keep the connection: HTTP/1.1 without `Connection: close`. */
  get wantsKeepAlive(): boolean {
    const wish = (this.header('Connection') ?? '').toLowerCase();
    return this.requestLine.endsWith('HTTP/1.0') ? wish === 'keep-alive' : wish !== 'close';
  }
}

function splitHeader(line: string): Header {
  const colon = line.indexOf(':');
  if (colon === -1) return [line, ''];
  // Only what HTTP calls white space: a password may end in another byte that `trim` would take away.
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
}
