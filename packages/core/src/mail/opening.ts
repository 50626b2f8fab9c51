/**
 * Opening sockets as nginx does (ngx_open_listening_sockets): all of them are tried before any of them is tried again. A
 * busy address is worth it, since the process that leaves it may be on its way out.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { toSystemError } from '../log/file-target.js';
import type { Logger } from '../log/logger.js';
import { bindFailed, stillNotBound } from './errors.js';

/** How often busy addresses are tried, and the wait between in ms; as nginx. */
const attempts = 5;
const pauseMs = 500;

/** How sockets are opened. */
export interface OpeningOptions {
  readonly log: Logger;
  /** `-t`: a busy address is no error. */
  readonly test: boolean;
}

/** One socket to open. */
export interface Opening {
  /** The address in messages. */
  readonly name: string;
  /** Throws, or rejects with, the error of the system. */
  open(): void | Promise<void>;
}

/** Opens all. Throws PosternError with nginx's last sentence; what was opened until then stays open. */
export async function openPatiently(
  openings: readonly Opening[],
  options: OpeningOptions,
): Promise<void> {
  let busy = openings;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    busy = await openOnce(busy, options);
    if (busy.length === 0) return;
    options.log.log('notice', `try again to bind() after ${String(pauseMs)}ms`);
    await pause(pauseMs);
  }
  throw stillNotBound();
}

/** Those whose address is busy. */
async function openOnce(
  openings: readonly Opening[],
  { log, test }: OpeningOptions,
): Promise<readonly Opening[]> {
  const busy: Opening[] = [];
  for (const opening of openings) {
    try {
      await opening.open();
    } catch (error) {
      const failure = toSystemError(error);
      if (failure.code !== 'EADDRINUSE') throw bindFailed(opening.name, failure);
      if (test) continue;
      log.log('emerg', `bind() to ${opening.name} failed`, { error: failure });
      busy.push(opening);
    }
  }
  return busy;
}
