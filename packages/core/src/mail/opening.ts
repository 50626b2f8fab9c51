/** Opening a socket as nginx does: a busy address is tried again, since the process that leaves it may be on its way out. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../log/logger.js';
import { bindFailed, stillNotBound } from './errors.js';

/** How often a busy address is tried, and the wait between in ms; as nginx. */
const attempts = 5;
const pauseMs = 500;

/** How a socket is opened. */
export interface OpeningOptions {
  /** The address in messages. */
  readonly name: string;
  readonly log: Logger;
  /** `-t`: a busy address is no error. */
  readonly test: boolean;
}

/**
 * The result of `open`, or undefined where the address is busy and this is a test. Throws PosternError with nginx's last
 * sentence.
 */
export async function openPatiently<T>(
  { name, log, test }: OpeningOptions,
  open: () => T | Promise<T>,
): Promise<T | undefined> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    try {
      return await open();
    } catch (error) {
      const failure = error as NodeJS.ErrnoException;
      const isBusy = failure.code === 'EADDRINUSE';
      if (isBusy && test) return undefined;
      if (!isBusy) throw bindFailed(name, failure);
      log.log('emerg', `bind() to ${name} failed`, { error: failure });
      log.log('notice', `try again to bind() after ${String(pauseMs)}ms`);
      await pause(pauseMs);
    }
  }
  throw stillNotBound();
}
