/**
 * One end of a TCP connection in the hands of a test: it says exactly the bytes it is told to say and waits for what
 * the other side says. The same class plays the client and the backend. All text is Latin-1 (one character per byte).
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as afterEvents } from 'node:timers/promises';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { ByteInbox, findCount, findLine, findThrough, type InboxEnd } from './byte-inbox.js';
import { printable, toBytes, toText } from './bytes-text.js';
import { Unexpected } from './errors.js';

/** How a peer behaves. */
export interface PeerOptions {
  /** Longest wait for anything the other side shall say, in milliseconds. Default 5000. */
  readonly deadlineMs?: number;
  /** Bytes per segment: `1` sends one byte at a time. Default: what is given to `send` goes out at once. */
  readonly split?: number;
}

/** A scripted end of a connection. */
export class ScriptedPeer {
  /** Everything the other side has said. */
  readonly inbox = new ByteInbox();
  readonly #deadlineMs: number;
  readonly #split: number;
  #socket: Socket;

  constructor(socket: Socket, options: PeerOptions = {}) {
    this.#deadlineMs = options.deadlineMs ?? 5000;
    this.#split = options.split ?? Number.POSITIVE_INFINITY;
    this.#socket = socket;
    socket.setNoDelay(true);
    this.#listen(socket);
  }

  /** Resolves when the other side has finished (`fin`) or the connection broke (`reset`). Never rejects. */
  get ended(): Promise<InboxEnd> {
    return this.inbox.ended;
  }

  /** Everything received so far as text. */
  get received(): string {
    return toText(this.inbox.all);
  }

  /** Our port, which the other side sees as the peer's. */
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** Sends exactly these bytes; resolves once the kernel has them (also when the connection is broken). */
  async send(data: string | Uint8Array): Promise<void> {
    const bytes = toBytes(data);
    for (let at = 0; at < bytes.length; at += this.#split) {
      await this.#write(bytes.subarray(at, at + this.#split));
      if (at + this.#split < bytes.length) await afterEvents();
    }
  }

  /** Sends `text` with CRLF. */
  sendLine(text: string): Promise<void> {
    return this.send(`${text}\r\n`);
  }

  /** The next line without its CRLF. A bare LF does not end a line. */
  async line(): Promise<string> {
    const bytes = await this.inbox.take(findLine, 'a line', this.#deadlineMs);
    return toText(bytes.subarray(0, -2));
  }

  /**
   * Reads one line for each of `lines` and compares. A string must be the whole line, a pattern must match it.
   * Returns the lines; throws {@link Unexpected} at the first that differs.
   */
  async expect(...lines: readonly (string | RegExp)[]): Promise<readonly string[]> {
    const got: string[] = [];
    for (const wanted of lines) {
      const line = await this.line();
      const matches = typeof wanted === 'string' ? wanted === line : wanted.test(line);
      if (!matches) throw new Unexpected(asText(wanted), printable(line));
      got.push(line);
    }
    return got;
  }

  /** Everything up to and including `mark`. */
  async readUntil(mark: string | Uint8Array): Promise<string> {
    const bytes = toBytes(mark);
    const what = `"${printable(bytes)}"`;
    return toText(await this.inbox.take(findThrough(bytes), what, this.#deadlineMs));
  }

  /** Exactly `count` bytes. */
  read(count: number): Promise<Buffer> {
    return this.inbox.take(findCount(count), `${String(count)} bytes`, this.#deadlineMs);
  }

  /** Everything until the other side finishes; empty if it says nothing more. */
  async readToEnd(): Promise<string> {
    const untilEnd = (): number | undefined =>
      this.inbox.end === undefined ? undefined : this.inbox.unread.length;
    return toText(await this.inbox.take(untilEnd, 'the end', this.#deadlineMs));
  }

  /** Starts TLS on this connection as its client; certificates are not checked. */
  async startTls(options: ConnectionOptions = {}): Promise<void> {
    const plain = this.#socket;
    for (const event of ['data', 'end']) plain.removeAllListeners(event);
    const secure = connectTls({ rejectUnauthorized: false, ...options, socket: plain });
    this.#socket = secure;
    this.#listen(secure);
    await once(secure, 'secureConnect', { signal: AbortSignal.timeout(this.#deadlineMs) });
  }

  /** The TLS facts of the connection, once it has any. */
  get tls(): TLSSocket | undefined {
    return 'getPeerCertificate' in this.#socket ? (this.#socket as TLSSocket) : undefined;
  }

  /** Sends FIN; the other side may still speak. */
  finish(): void {
    this.#socket.end();
  }

  /** Closes with RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Stops reading, so that the other side's writes fill up. */
  stall(): void {
    this.#socket.pause();
  }

  /** Reads on after {@link stall}. */
  resume(): void {
    this.#socket.resume();
  }

  /** Closes, if it is not closed; resolves when the socket is gone. */
  async close(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }

  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#socket.writable) {
        resolve();
        return;
      }
      this.#socket.write(bytes, () => {
        resolve();
      });
    });
  }

  #listen(socket: Socket): void {
    socket.on('data', (bytes) => {
      this.inbox.append(bytes);
    });
    socket.on('end', () => {
      this.inbox.finish('fin');
    });
    socket.on('error', () => {
      this.inbox.finish('reset');
    });
    socket.on('close', () => {
      this.inbox.finish('reset');
    });
  }
}

const asText = (wanted: string | RegExp): string =>
  typeof wanted === 'string' ? printable(wanted) : String(wanted);
