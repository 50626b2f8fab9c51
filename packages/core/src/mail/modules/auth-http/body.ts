/**
 * The body of an auth server's answer, which says nothing and is only skipped so that the connection can be used again
 * (RFC 9112, sections 6 and 7). A body that is not plainly bounded costs the connection.
 */
import type { AuthResponse } from './response-fields.js';

/** Bytes of body, framing included, above which the connection is closed instead. */
export const bodyLimit = 64 * 1024;

const State = Object.freeze({
  size: 0,
  extension: 1,
  data: 2,
  dataEnd: 3,
  trailer: 4,
  trailerLine: 5,
});

const cr = 0x0d;
const lf = 0x0a;

/** Skips one body. */
export class BodySkipper {
  /** Bytes until the end of a body of known length, or of the chunk that is being read. */
  #left: number;
  readonly #chunked: boolean;
  #seen = 0;
  #state: number = State.size;
  #digits = 0;
  #done: boolean;

  private constructor(length: number, chunked: boolean) {
    this.#left = length;
    this.#chunked = chunked;
    this.#done = !chunked && length === 0;
  }

  /** The skipper for an answer, or undefined where its connection cannot be used again. */
  static for(response: AuthResponse): BodySkipper | undefined {
    const { httpStatus, persistent, contentLength, chunked } = response;
    if (!persistent || httpStatus === undefined || httpStatus < 200) return undefined;
    if (chunked !== undefined) {
      return chunked && contentLength === undefined ? new BodySkipper(0, true) : undefined;
    }
    if (httpStatus === 204 || httpStatus === 304) return new BodySkipper(0, false);
    if (contentLength === undefined || contentLength < 0 || contentLength > bodyLimit)
      return undefined;
    return new BodySkipper(contentLength, false);
  }

  /** Takes bytes. `done`: the body ended exactly with them. `bad`: the connection cannot be used again. */
  push(bytes: Buffer): 'more' | 'done' | 'bad' {
    this.#seen += bytes.length;
    if (this.#seen > bodyLimit) return 'bad';
    if (!this.#chunked) return this.#skipLength(bytes.length);
    for (let at = 0; at < bytes.length; at += 1) {
      if (this.#done || !this.#step(bytes[at] ?? 0)) return 'bad';
      const skipped = this.#state === State.data ? Math.min(this.#left, bytes.length - at - 1) : 0;
      this.#left -= skipped;
      at += skipped;
      if (this.#state === State.data && this.#left === 0) this.#state = State.dataEnd;
    }
    return this.#done ? 'done' : 'more';
  }

  #skipLength(length: number): 'more' | 'done' | 'bad' {
    this.#left -= length;
    this.#done = this.#left === 0;
    if (this.#left < 0) return 'bad';
    return this.#done ? 'done' : 'more';
  }

  /** Takes one byte of chunk framing. Returns whether it was in its place. */
  #step(byte: number): boolean {
    switch (this.#state) {
      case State.size:
        return this.#inSize(byte);
      case State.extension:
        if (byte === lf) this.#endSize();
        return true;
      case State.data:
        this.#left -= 1;
        return true;
      case State.dataEnd:
        if (byte === lf) this.#startSize();
        return byte === lf || byte === cr;
      case State.trailer:
        if (byte === lf) this.#done = true;
        else if (byte !== cr) this.#state = State.trailerLine;
        return true;
      default:
        if (byte === lf) this.#state = State.trailer;
        return true;
    }
  }

  #startSize(): void {
    this.#state = State.size;
    this.#digits = 0;
    this.#left = 0;
  }

  #inSize(byte: number): boolean {
    const digit = hexValue(byte);
    if (digit >= 0) {
      this.#digits += 1;
      this.#left = this.#left * 16 + digit;
      return this.#left <= bodyLimit;
    }
    if (this.#digits === 0) return false;
    if (byte === lf) this.#endSize();
    else this.#state = State.extension;
    return true;
  }

  #endSize(): void {
    this.#state = this.#left === 0 ? State.trailer : State.data;
  }
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}
