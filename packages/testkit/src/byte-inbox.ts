/**
 * Everything a peer has sent, with a mark up to where a test has read it. A test takes bytes in order and waits for
 * what has not come yet: by event, and never longer than a deadline.
 */
import { printable, toText } from './bytes-text.js';
import { NotReceived } from './errors.js';

/** Tells how many of the unread bytes to take, or undefined while what is looked for is not complete. */
export type Find = (unread: Buffer) => number | undefined;

/** How an inbox ended: the other side finished (`fin`), or the connection broke (`reset`). */
export type InboxEnd = 'fin' | 'reset';

interface Waiter {
  readonly find: Find;
  readonly what: string;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: NotReceived) => void;
  readonly timer: NodeJS.Timeout;
}

const shown = 2000;

/** Bytes received and not lost. */
export class ByteInbox {
  /** Resolves when no more bytes will come; never rejects. */
  readonly ended: Promise<InboxEnd>;
  /** Called behind every arrival of bytes, for peers that answer by themselves. */
  onAppend: () => void = () => undefined;
  #end: InboxEnd | undefined;
  #resolveEnd: (end: InboxEnd) => void = () => undefined;
  #bytes = Buffer.alloc(256);
  #length = 0;
  #taken = 0;
  readonly #waiters: Waiter[] = [];

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#resolveEnd = resolve;
    });
  }

  /** Everything that has come so far, taken or not. */
  get all(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What has come and was not taken. */
  get unread(): Buffer {
    return this.#bytes.subarray(this.#taken, this.#length);
  }

  /** How it ended, or undefined while more may come. */
  get end(): InboxEnd | undefined {
    return this.#end;
  }

  /** Adds a copy of `bytes`. */
  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
    this.#serve();
    this.onAppend();
  }

  /** Says that nothing more comes. */
  finish(end: InboxEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#resolveEnd(end);
    this.#serve();
  }

  /** Waits for what `find` looks for and takes it. Rejects with {@link NotReceived} after `deadlineMs`. */
  take(find: Find, what: string, deadlineMs: number): Promise<Buffer> {
    if (this.#waiters.length === 0) {
      const ready = this.#tryTake(find);
      if (ready !== undefined) return Promise.resolve(ready);
      if (this.#end !== undefined) return Promise.reject(this.#missing(what, this.#endText()));
      if (deadlineMs <= 0) return Promise.reject(this.#missing(what, 'which did not come'));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(this.#missing(what, `which did not come within ${String(deadlineMs)} ms`));
      }, deadlineMs);
      const waiter: Waiter = { find, what, resolve, reject, timer };
      this.#waiters.push(waiter);
    });
  }

  #serve(): void {
    for (;;) {
      const [waiter] = this.#waiters;
      if (waiter === undefined) return;
      const bytes = this.#tryTake(waiter.find);
      if (bytes === undefined && this.#end === undefined) return;
      clearTimeout(waiter.timer);
      this.#waiters.shift();
      if (bytes === undefined) waiter.reject(this.#missing(waiter.what, this.#endText()));
      else waiter.resolve(bytes);
    }
  }

  #tryTake(find: Find): Buffer | undefined {
    const count = find(this.unread);
    if (count === undefined || count > this.#length - this.#taken) return undefined;
    const bytes = Buffer.from(this.unread.subarray(0, count));
    this.#taken += count;
    return bytes;
  }

  #endText(): string {
    return this.#end === 'reset' ? 'but the connection broke' : 'but the peer closed';
  }

  #missing(what: string, reason: string): NotReceived {
    const text = printable(toText(this.unread.subarray(0, shown)));
    return new NotReceived(what, text, reason);
  }
}

/** Finds a line that ends with CRLF; the line end is taken too. */
export const findLine: Find = (unread) => {
  const end = unread.indexOf('\r\n');
  return end === -1 ? undefined : end + 2;
};

/** Finds everything up to and including `mark`. */
export const findThrough =
  (mark: Uint8Array): Find =>
  (unread) => {
    const at = unread.indexOf(mark);
    return at === -1 ? undefined : at + mark.length;
  };

/** Finds `count` bytes. */
export const findCount =
  (count: number): Find =>
  (unread) =>
    unread.length < count ? undefined : count;
