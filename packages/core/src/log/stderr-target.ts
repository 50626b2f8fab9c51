/**
 * Standard error, written at once: what is printed there must be there when the process dies. A pipe that is full or
 * broken loses the line; it never stops the process and never throws.
 */
import { writeSync } from 'node:fs';
import type { LogTarget } from './error-log.js';

const standardError = 2;

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

/** The log target `stderr`. */
export class StderrTarget implements LogTarget {
  readonly #write: (text: string) => boolean;
  #dropped = 0;

  /** @param write - writes a line at once and says whether it went out; without it standard error. */
  constructor(write: (text: string) => boolean = (text) => writeAll(standardError, text)) {
    this.#write = write;
  }

  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (!this.#write(line)) this.#dropped += 1;
  }

  reopen(): undefined {
    return undefined;
  }

  flushSync(): void {
    // Nothing is kept.
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
