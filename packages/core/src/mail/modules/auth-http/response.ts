/**
 * The header of an auth server's answer, byte by byte as in nginx (ngx_mail_auth_http_parse_header_line): a status line
 * may be missing, lines end in LF or CRLF, names are compared without regard to case, spaces around a value are
 * dropped, there is no folding. The result does not depend on how the bytes were cut; at most
 * {@link headerLimit} bytes are held.
 */
import { AuthResponse } from './response-fields.js';

/** Bytes of status line and header together above which an answer is refused. nginx: 1024. */
export const headerLimit = 16 * 1024;

/** What the bytes so far amount to. */
export type ResponseProgress =
  /** The header is not complete. */
  | 'more'
  /** The header is complete. */
  | 'done'
  /** A CR inside the status line. */
  | 'invalid response'
  /** Not a header line. */
  | 'invalid header'
  /** More than {@link headerLimit} bytes without an end. */
  | 'too large';

const State = Object.freeze({
  prefix: 0,
  statusLine: 1,
  statusLineEnd: 2,
  lineStart: 3,
  name: 4,
  beforeValue: 5,
  value: 6,
  lineEnd: 7,
  headerEnd: 8,
});

const cr = 0x0d;
const lf = 0x0a;
const space = 0x20;
const colon = 0x3a;
const dash = 0x2d;
const statusPrefix = Buffer.from('HTTP/');
const firstHeld = 1024;

/** Reads the header of one answer. */
export class ResponseParser {
  readonly response = new AuthResponse();
  /** Bytes of the last chunk that belong to the header; what follows is body. Meaningful once `done`. */
  used = 0;
  /** Whether any byte has come. */
  started = false;
  #state: number = State.prefix;
  #progress: ResponseProgress = 'more';
  // All bytes of the header so far while it is in pieces; positions below count from its start.
  #held: Buffer | undefined;
  #length = 0;
  #nameStart = 0;
  #nameEnd = 0;
  #valueStart = 0;
  #valueEnd = 0;

  /** Takes a chunk, which may be reused afterwards. After anything but `more` further chunks change nothing. */
  push(chunk: Buffer): ResponseProgress {
    if (this.#progress !== 'more' || chunk.length === 0) return this.#progress;
    this.started = true;
    const before = this.#length;
    const room = Math.min(chunk.length, headerLimit - before);
    const bytes = before === 0 ? chunk : this.#hold(chunk, room);
    const end = before + room;
    let at = before;
    if (this.#state === State.prefix) at = this.#readPrefix(bytes, at, end);
    let progress: ResponseProgress = 'more';
    while (at < end && progress === 'more') {
      progress = this.#step(bytes, at, bytes[at] ?? 0);
      at += 1;
    }
    this.used = at - before;
    this.#length = at;
    if (progress === 'more' && at === headerLimit) progress = 'too large';
    this.#progress = progress;
    if (progress !== 'more') this.#drop();
    else if (before === 0) this.#hold(chunk, room, 0);
    return progress;
  }

  /** Appends `count` bytes of a chunk to what is held. */
  #hold(chunk: Buffer, count: number, length = this.#length): Buffer {
    let held = this.#held;
    if (held === undefined || held.length < length + count) {
      const size = Math.max(firstHeld, 2 * (held?.length ?? 0), length + count);
      const larger = Buffer.allocUnsafeSlow(Math.min(headerLimit, size));
      if (held !== undefined) {
        held.copy(larger, 0, 0, length);
        held.fill(0);
      }
      held = larger;
      this.#held = held;
    }
    chunk.copy(held, length, 0, count);
    return held;
  }

  /** What was held may have had a password in it. */
  #drop(): void {
    this.#held?.fill(0);
    this.#held = undefined;
  }

  /** Decides whether there is a status line. Returns where to go on; without one that is the first byte again. */
  #readPrefix(bytes: Buffer, from: number, end: number): number {
    for (let at = from; at < end; at += 1) {
      if (bytes[at] !== statusPrefix[at]) {
        this.#state = State.lineStart;
        return 0;
      }
      if (at === statusPrefix.length - 1) {
        this.#state = State.statusLine;
        this.#valueStart = at + 1;
        return at + 1;
      }
    }
    return end;
  }

  #step(bytes: Buffer, at: number, byte: number): ResponseProgress {
    switch (this.#state) {
      case State.statusLine:
        return this.#inStatusLine(bytes, at, byte);
      case State.statusLineEnd:
        return byte === lf ? this.#endStatusLine(bytes) : 'invalid response';
      case State.lineStart:
        return this.#atLineStart(at, byte);
      case State.name:
        return this.#inName(bytes, at, byte);
      case State.beforeValue:
        return byte === space ? 'more' : this.#startValue(bytes, at, byte);
      case State.value:
        return this.#inValue(bytes, at, byte);
      case State.lineEnd:
        return byte === lf ? this.#endLine(bytes) : 'invalid header';
      default:
        return byte === lf ? 'done' : 'invalid header';
    }
  }

  #inStatusLine(bytes: Buffer, at: number, byte: number): ResponseProgress {
    this.#valueEnd = at;
    if (byte === lf) return this.#endStatusLine(bytes);
    if (byte === cr) this.#state = State.statusLineEnd;
    return 'more';
  }

  #endStatusLine(bytes: Buffer): ResponseProgress {
    this.response.setStatusLine(bytes.toString('latin1', this.#valueStart, this.#valueEnd));
    this.#state = State.lineStart;
    return 'more';
  }

  #atLineStart(at: number, byte: number): ResponseProgress {
    if (byte === lf) return 'done';
    if (byte !== cr && !isLetterOrDigit(byte)) return 'invalid header';
    this.#nameStart = at;
    this.#state = byte === cr ? State.headerEnd : State.name;
    return 'more';
  }

  #inName(bytes: Buffer, at: number, byte: number): ResponseProgress {
    if (isLetterOrDigit(byte) || byte === dash) return 'more';
    this.#nameEnd = at;
    this.#valueStart = at;
    this.#valueEnd = at;
    if (byte === lf) return this.#endLine(bytes);
    if (byte !== colon && byte !== cr) return 'invalid header';
    this.#state = byte === colon ? State.beforeValue : State.lineEnd;
    return 'more';
  }

  #startValue(bytes: Buffer, at: number, byte: number): ResponseProgress {
    this.#valueStart = at;
    this.#valueEnd = at;
    this.#state = State.value;
    return this.#inValue(bytes, at, byte);
  }

  #inValue(bytes: Buffer, at: number, byte: number): ResponseProgress {
    if (byte === lf) return this.#endLine(bytes);
    if (byte === cr) this.#state = State.lineEnd;
    else if (byte !== space) this.#valueEnd = at + 1;
    return 'more';
  }

  #endLine(bytes: Buffer): ResponseProgress {
    const name = bytes.toString('latin1', this.#nameStart, this.#nameEnd).toLowerCase();
    this.response.setHeader(name, bytes.subarray(this.#valueStart, this.#valueEnd));
    this.#state = State.lineStart;
    return 'more';
  }
}

function isLetterOrDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
}
