/** Opening sockets as nginx does: busy addresses are tried again, since the process that leaves one may be on its way out. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../log/logger.js';
import { bindFailed, stillNotBound } from './errors.js';

/** How often busy addresses are tried, and the wait between in ms; as nginx. */
const attempts = 5;
const pauseMs = 500;

/** A socket that is to be opened. */
export interface Opening<T> {
  /** The address in messages. */
  readonly name: string;
  readonly open: () => T | Promise<T>;
}

/** How sockets are opened. */
export interface OpeningOptions<T> {
  readonly log: Logger;
  /** `-t`: a busy address is no error. */
  readonly test: boolean;
  /** Called with each socket as soon as it is open, so that the caller can close it where another one cannot be opened. */
  readonly opened: (socket: T, name: string) => void;
}

/**
 * Opens all, in rounds in which each that is still busy is tried once. Where this is a test those that are busy are left
 * out. Rejects with a PosternError with nginx's last sentence; what is open by then stays so.
 */
export async function openPatiently<T>(
  openings: readonly Opening<T>[],
  options: OpeningOptions<T>,
): Promise<void> {
  const { log, test } = options;
  let waiting = openings;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    waiting = await openRound(waiting, options);
    if (waiting.length === 0 || test) return;
    log.log('notice', `try again to bind() after ${String(pauseMs)}ms`);
    await pause(pauseMs);
  }
  throw stillNotBound();
}

/** Tries each once; those that are busy. */
async function openRound<T>(
  openings: readonly Opening<T>[],
  { log, test, opened }: OpeningOptions<T>,
): Promise<readonly Opening<T>[]> {
  const busy: Opening<T>[] = [];
  for (const opening of openings) {
    const { name, open } = opening;
    try {
      opened(await open(), name);
    } catch (error) {
      const failure = error as NodeJS.ErrnoException;
      if (failure.code !== 'EADDRINUSE') throw bindFailed(name, failure);
      if (!test) log.log('emerg', `bind() to ${name} failed`, { error: failure });
      busy.push(opening);
    }
  }
  return busy;
}
