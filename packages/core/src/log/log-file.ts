/**
 * One open log file and the bytes on their way into it. Writes run in the background, one after the other; what a
 * failed write has left is kept and tried first by the next.
 */
import { close, write, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { systemError } from './errno.js';

const lineFeed = 0x0a;

/** A FIFO whose reader is slow has room again soon: milliseconds until then. */
export const retryBusyMs = 50;

/** Whether a write failed because a FIFO is full. */
export function isBusy({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EAGAIN' || code === 'EBUSY';
}

function linesIn(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === lineFeed) lines += 1;
  return lines;
}

/** A file open for appending. */
export class LogFile {
  readonly #fd: number;
  /** Whole lines; those before `#at` are written. */
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #writing: Promise<NodeJS.ErrnoException | undefined> | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Writes what is left of earlier calls, then `text`, which ends in LF or is empty. Resolves with the error that
   * stopped it. Not to be called before the call before has resolved.
   */
  write(text: string): Promise<NodeJS.ErrnoException | undefined> {
    this.#append(text);
    const writing = this.#drain().finally(() => {
      this.#writing = undefined;
    });
    this.#writing = writing;
    return writing;
  }

  /**
   * Writes all it has and then `text`, closes the file, and resolves with the lines that the file did not take, from the
   * start of the line that it took a part of.
   *
   * @param patienceMs - for how long a FIFO that is full is tried again.
   */
  async retire(text: string, patienceMs = 0): Promise<string> {
    const until = performance.now() + patienceMs;
    await this.#writing;
    let error = await this.write(text);
    while (error !== undefined && isBusy(error) && performance.now() < until) {
      await pause(retryBusyMs);
      error = await this.write('');
    }
    await new Promise<void>((resolve) => {
      // What close() has to say about a file that is written in full changes nothing.
      close(this.#fd, () => {
        resolve();
      });
    });
    return this.#bytes.toString('utf8', this.#lineStart());
  }

  /** Writes what it can at once, for the last moment of a process; how many lines were lost. */
  flushSync(text: string): number {
    if (this.#writing !== undefined) return this.#writeNow(Buffer.from(text));
    this.#append(text);
    const bytes = this.#bytes.subarray(this.#at);
    this.#bytes = Buffer.alloc(0);
    this.#at = 0;
    return this.#writeNow(bytes);
  }

  #writeNow(bytes: Buffer): number {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#fd, rest));
      return 0;
    } catch {
      return linesIn(rest);
    }
  }

  #append(text: string): void {
    const start = this.#lineStart();
    this.#bytes = Buffer.concat([this.#bytes.subarray(start), Buffer.from(text)]);
    this.#at -= start;
  }

  /** Where the line begins that is to be written next, or to be finished. */
  #lineStart(): number {
    return this.#at === 0 ? 0 : this.#bytes.lastIndexOf(lineFeed, this.#at - 1) + 1;
  }

  async #drain(): Promise<NodeJS.ErrnoException | undefined> {
    while (this.#at < this.#bytes.length) {
      const step = await this.#step();
      if (typeof step !== 'number') return step;
      this.#at += step;
    }
    this.#bytes = Buffer.alloc(0);
    this.#at = 0;
    return undefined;
  }

  /** One write: how many bytes the file took, or why none. */
  #step(): Promise<number | NodeJS.ErrnoException> {
    return new Promise((resolve) => {
      write(this.#fd, this.#bytes, this.#at, null, null, (error, written) => {
        if (error !== null) resolve(error);
        // A file that takes nothing without saying why must not be asked again at once.
        else resolve(written === 0 ? systemError('ENOSPC') : written);
      });
    });
  }
}
