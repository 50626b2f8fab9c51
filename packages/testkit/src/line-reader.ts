/** Bytes to lines, for servers in memory. */

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Reads the lines of one connection. */
export class LineReader {
  #unread: Buffer = Buffer.alloc(0);

  push(bytes: Uint8Array): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
  }

  /** Bytes that are not yet a line. */
  get held(): number {
    return this.#unread.length;
  }

  /** The next line of a person or a program, without its CRLF or LF; undefined while it is not complete. */
  line(): Buffer | undefined {
    const end = this.#unread.indexOf(lineFeed);
    if (end === -1) return undefined;
    const isCrLf = end > 0 && this.#unread[end - 1] === carriageReturn;
    return this.#take(isCrLf ? end - 1 : end, end + 1);
  }

  /** The next line of a message, which only CRLF ends: with a bare LF a message could end where it does not. */
  messageLine(): Buffer | undefined {
    const end = this.#unread.indexOf('\r\n');
    return end === -1 ? undefined : this.#take(end, end + 2);
  }

  #take(length: number, next: number): Buffer {
    const line = Buffer.from(this.#unread.subarray(0, length));
    this.#unread = this.#unread.subarray(next);
    return line;
  }
}
