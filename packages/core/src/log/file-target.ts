/**
 * A log file written in the background. Lines gather for a moment and while a write is under way, so a slow disk
 * costs memory and never time; memory is bounded, and lines beyond the bound are dropped, counted, and owned up to
 * once the file takes lines again. A write that fails (disk full, FIFO without reader) is tried again from time to time.
 */
import { constants, openSync } from 'node:fs';
import { ConfigError } from '../errors.js';
import { atExit, notAtExit } from './at-exit.js';
import type { LogTarget } from './error-log.js';
import { errnoText } from './errno.js';
import { isBusy, LogFile, retryBusyMs } from './log-file.js';
import type { LogFormat } from './log-format.js';
import { Losses } from './losses.js';

/** What may wait in memory for one file, in UTF-16 units. */
const maxPendingUnits = 4 * 1024 * 1024;
/** Milliseconds for which lines are gathered before they are written. */
const gatherMs = 10;
/** nginx leaves a full disk alone for a second. */
const retryMs = 1000;
/** Milliseconds that a slow reader of a FIFO has at the end to take what is left. */
const closeMs = 2000;

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
  readonly #losses: Losses;
  #file: LogFile;
  #pending = '';
  /** A write is under way, or waits to be tried again. */
  #busy = false;
  #retry: NodeJS.Timeout | undefined;
  #gathering: NodeJS.Timeout | undefined;
  /** Files that were replaced and still have something to write. */
  readonly #retiring = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  /**
   * Opens `path`. Throws a {@link ConfigError} with nginx's sentence.
   *
   * @param format - of the line that owns up to losses.
   */
  constructor(path: string, maxPending = maxPendingUnits, format: LogFormat = 'text') {
    this.path = path;
    this.#maxPending = maxPending;
    this.#losses = new Losses(path, format);
    try {
      this.#file = new LogFile(openSync(path, flags, 0o644));
    } catch (error) {
      throw openFailure(path, toSystemError(error));
    }
    atExit(this);
  }

  get dropped(): number {
    return this.#losses.total;
  }

  write(line: string): void {
    const full = this.#pending.length + line.length > this.#maxPending;
    if (this.#closing !== undefined || full) {
      this.#losses.add();
      return;
    }
    this.#pending += line;
    if (!this.#busy) this.#gather();
  }

  reopen(): NodeJS.ErrnoException | undefined {
    if (this.#closing !== undefined) return undefined;
    const old = this.#file;
    try {
      this.#file = new LogFile(openSync(this.path, flags, 0o644));
    } catch (error) {
      return toSystemError(error);
    }
    clearTimeout(this.#retry);
    this.#busy = false;
    // Lines that were logged before the signal belong to the old file.
    this.#retire(old);
    return undefined;
  }

  flushSync(): void {
    if (this.#closing !== undefined) return;
    this.#losses.add(this.#file.flushSync(this.#take()));
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    clearTimeout(this.#retry);
    clearTimeout(this.#gathering);
    await Promise.all(this.#retiring);
    const rest = await this.#file.retire(this.#take(), closeMs);
    this.#losses.add(countLines(rest));
    notAtExit(this);
  }

  /** Lets a replaced file write what it has. What it cannot take any more goes into the new one. */
  #retire(old: LogFile): void {
    const retired = old.retire(this.#take()).then((rest) => {
      this.#retiring.delete(retired);
      this.#pending = rest + this.#pending;
      if (this.#pending !== '' && !this.#busy && this.#closing === undefined) this.#gather();
    });
    this.#retiring.add(retired);
  }

  /** A background write costs as much as a hundred lines: those of a moment share one. */
  #gather(): void {
    this.#gathering ??= setTimeout(this.#send, gatherMs).unref();
  }

  readonly #send = (): void => {
    this.#gathering = undefined;
    if (!this.#busy && this.#pending !== '') void this.#write();
  };

  async #write(): Promise<void> {
    const file = this.#file;
    this.#busy = true;
    const error = await file.write(this.#take());
    // A file that was replaced meanwhile has finished by itself.
    if (file !== this.#file || this.#closing !== undefined) return;
    if (error === undefined) this.#settle();
    else this.#stall(error);
  }

  /** What waits; nothing waits afterwards. */
  #take(): string {
    const text = this.#pending;
    this.#pending = '';
    return text;
  }

  /** The file took everything it was given. */
  #settle(): void {
    this.#busy = false;
    const confession = this.#losses.confession();
    if (confession !== undefined) {
      this.#pending += confession;
    }
    if (this.#pending !== '') this.#gather();
  }

  #stall(error: NodeJS.ErrnoException): void {
    const delay = isBusy(error) ? retryBusyMs : retryMs;
    this.#retry = setTimeout(() => {
      void this.#write();
    }, delay);
    this.#retry.unref();
  }
}

/** Lines of a text in which every line ends in LF. */
function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
