/**
 * Standard error, written at once: what is printed there must be there when the process dies. A pipe that is full or
 * broken never stops the process and never throws: lines wait for it in bounded memory, and what goes beyond is
 * dropped, counted, and owned up to once the pipe takes lines again.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { atExit, notAtExit } from './at-exit.js';
import type { LogTarget } from './error-log.js';
import type { LogFormat } from './log-format.js';
import { Losses } from './losses.js';

const standardError = 2;

/** What may wait for standard error, in UTF-16 units. */
const maxWaitingUnits = 1024 * 1024;
/** A slow reader has made room again soon; one that has gone is asked ever less often. In milliseconds. */
const firstRetryMs = 50;
const lastRetryMs = 1000;

/** Writes all of `text` to an open file, or nothing more after the first error; says whether it went out. */
export function writeAll(fd: number, text: string): boolean {
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    return true;
  } catch {
    return false;
  }
}

/**
 * A descriptor of the pipe `fd` that never blocks. The pipe is opened once more, through the file system of processes:
 * to make `fd` itself non-blocking would do so for all that share it. What is no pipe, or cannot be opened, stays as it
 * is.
 */
export function withoutBlocking(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${String(fd)}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}

let descriptor: number | undefined;

/** Writes to standard error at once; false where it is a pipe that is full, or broken. */
export function writeStandardError(text: string): boolean {
  descriptor ??= withoutBlocking(standardError);
  return writeAll(descriptor, text);
}

/** Lets go of what {@link writeStandardError} has opened, before something else takes the place of standard error. */
export function releaseStandardError(): void {
  if (descriptor !== undefined && descriptor !== standardError) closeSync(descriptor);
  descriptor = undefined;
}

/** The log target `stderr`. */
export class StderrTarget implements LogTarget {
  readonly #write: (text: string) => boolean;
  readonly #losses: Losses;
  #waiting: string[] = [];
  #waitingUnits = 0;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #closed = false;

  /**
   * @param write - writes a line at once and says whether it went out; without it standard error.
   * @param format - of the line that owns up to losses.
   */
  constructor(write: (text: string) => boolean = writeStandardError, format: LogFormat = 'text') {
    this.#write = write;
    this.#losses = new Losses('stderr', format);
  }

  get dropped(): number {
    return this.#losses.total;
  }

  write(line: string): void {
    if (this.#waiting.length === 0 && this.#write(line)) return;
    if (this.#closed || this.#waitingUnits + line.length > maxWaitingUnits) {
      this.#losses.add();
      return;
    }
    if (this.#waiting.length === 0) atExit(this);
    this.#waiting.push(line);
    this.#waitingUnits += line.length;
    this.#later();
  }

  reopen(): undefined {
    return undefined;
  }

  flushSync(): void {
    this.#drain();
    this.#losses.add(this.#waiting.length);
    this.#clear();
  }

  /** Lines that come later are written, as long as that is possible at once. */
  close(): Promise<void> {
    this.#closed = true;
    this.flushSync();
    return Promise.resolve();
  }

  #later(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#retryMs = Math.min(2 * this.#retryMs, lastRetryMs);
      this.#drain();
      if (this.#waiting.length > 0) this.#later();
    }, this.#retryMs).unref();
  }

  /** Writes what waits, as far as it goes. */
  #drain(): void {
    let written = 0;
    for (const line of this.#waiting) {
      if (!this.#write(line)) break;
      written += 1;
      this.#waitingUnits -= line.length;
    }
    this.#waiting.splice(0, written);
    if (this.#waiting.length > 0) return;
    this.#clear();
    const confession = this.#losses.confession();
    if (confession !== undefined) this.write(confession);
  }

  #clear(): void {
    this.#waiting = [];
    this.#waitingUnits = 0;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#retryMs = firstRetryMs;
    notAtExit(this);
  }
}
