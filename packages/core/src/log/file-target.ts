/**
 * A log file written in the background. Lines gather for a moment and while a write is under way, so a slow disk
 * costs memory and never time; memory is bounded, and lines beyond the bound are dropped, counted, and owned up to
 * once the file takes lines again. A write that fails (disk full, FIFO without reader) is tried again from time to time.
 */
import { constants, openSync, writeSync } from 'node:fs';
import { destination } from 'pino';
import { ConfigError } from '../errors.js';
import { currentLogTime, type LogTarget } from './error-log.js';
import { errnoText } from './errno.js';
import { formatLine } from './line.js';

/** What may wait in memory for one file, in UTF-16 units. */
const maxPendingUnits = 4 * 1024 * 1024;
/** Milliseconds for which lines are gathered before they are written. */
const gatherMs = 10;
/** nginx leaves a full disk alone for a second. */
const retryMs = 1000;
/** A FIFO whose reader is slow has room again soon. */
const retryBusyMs = 50;

type Stream = ReturnType<typeof destination>;

/** `O_NONBLOCK` so that a FIFO without reader is an error at once (ENXIO) rather than a process that hangs. */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** nginx's sentence for a log that cannot be opened: `open() "PATH" failed (13: Permission denied)`. */
export function openFailure(path: string, error: NodeJS.ErrnoException): ConfigError {
  return new ConfigError(`open() "${path}" failed (${errnoText(error)})`, {}, { cause: error });
}

/** The error of the system in what `catch` gives. */
export function toSystemError(error: unknown): NodeJS.ErrnoException {
  return error instanceof Error ? error : new ConfigError(String(error));
}

/** A log file; mode 0644 where it has to be made. */
export class FileTarget implements LogTarget {
  readonly path: string;
  readonly #maxPending: number;
  #fd: number;
  #stream: Stream;
  #pending = '';
  #pendingLines = 0;
  #busy = false;
  /** The stream keeps the text that it could not write and must be poked to try again. */
  #stalled = false;
  #retry: NodeJS.Timeout | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #dropped = 0;
  #confessed = 0;
  #closing: Promise<void> | undefined;

  /** Opens `path`. Throws a {@link ConfigError} with nginx's sentence. */
  constructor(path: string, maxPending = maxPendingUnits) {
    this.path = path;
    this.#maxPending = maxPending;
    try {
      this.#fd = openSync(path, flags, 0o644);
    } catch (error) {
      throw openFailure(path, toSystemError(error));
    }
    this.#stream = this.#attach(this.#fd);
  }

  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    const full = this.#pending.length + line.length > this.#maxPending;
    if (this.#closing !== undefined || full) {
      this.#dropped += 1;
      return;
    }
    this.#pending += line;
    this.#pendingLines += 1;
    if (!this.#busy && !this.#stalled) this.#gather();
  }

  reopen(): NodeJS.ErrnoException | undefined {
    if (this.#closing !== undefined) return undefined;
    try {
      this.#fd = openSync(this.path, flags, 0o644);
    } catch (error) {
      return toSystemError(error);
    }
    const old = this.#stream;
    // Lines that were logged before the signal belong to the old file.
    if (!this.#stalled) old.write(this.#take());
    void this.#retire(old);
    this.#stream = this.#attach(this.#fd);
    this.#settle();
    return undefined;
  }

  flushSync(): void {
    if (this.#closing !== undefined || this.#pending === '') return;
    const lines = this.#pendingLines;
    let rest = Buffer.from(this.#take());
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#fd, rest));
    } catch {
      this.#dropped += lines;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  #finish(): Promise<void> {
    clearTimeout(this.#retry);
    clearTimeout(this.#gathering);
    if (this.#stalled) this.#dropped += this.#pendingLines;
    else this.#stream.write(this.#take());
    return this.#retire(this.#stream);
  }

  #attach(fd: number): Stream {
    const stream = destination({ fd, sync: false, retryEAGAIN: () => false });
    // pino's own listener gives a stream up after a broken pipe; a FIFO may get a new reader.
    stream.removeAllListeners('error');
    // pino flushes at exit, with a loop that never ends on a full disk: ours tries once.
    stream.flushSync = () => {
      this.flushSync();
    };
    stream.on('drain', () => {
      if (stream === this.#stream) this.#settle();
    });
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (stream === this.#stream && this.#closing === undefined) this.#stall(error);
    });
    return stream;
  }

  /** A background write costs as much as a hundred lines: those of a moment share one. */
  #gather(): void {
    this.#gathering ??= setTimeout(this.#send, gatherMs).unref();
  }

  readonly #send = (): void => {
    this.#gathering = undefined;
    if (this.#busy || this.#stalled || this.#pending === '') return;
    this.#busy = true;
    this.#stream.write(this.#take());
  };

  /** What waits; nothing waits afterwards. */
  #take(): string {
    const text = this.#pending;
    this.#pending = '';
    this.#pendingLines = 0;
    return text;
  }

  /** The file took everything it was given. */
  #settle(): void {
    this.#busy = false;
    this.#stalled = false;
    clearTimeout(this.#retry);
    this.#confess();
    if (this.#pending !== '') this.#gather();
  }

  #stall(error: NodeJS.ErrnoException): void {
    this.#busy = false;
    this.#stalled = true;
    const delay = error.code === 'EAGAIN' || error.code === 'EBUSY' ? retryBusyMs : retryMs;
    this.#retry = setTimeout(() => {
      this.#busy = true;
      this.#stream.write('');
    }, delay);
    this.#retry.unref();
  }

  #confess(): void {
    const lost = this.#dropped - this.#confessed;
    if (lost === 0) return;
    this.#confessed = this.#dropped;
    this.#pending += formatLine(
      currentLogTime(),
      process.pid,
      'alert',
      `${String(lost)} log lines could not be written to "${this.path}" and are lost`,
    );
    this.#pendingLines += 1;
  }

  /** Lets a stream write what it has and close its file. */
  #retire(stream: Stream): Promise<void> {
    return new Promise((resolve) => {
      stream.once('close', resolve);
      stream.on('error', () => {
        stream.destroy();
        resolve();
      });
      stream.end();
    });
  }
}
