/** How the end of a child is told (ngx_process_get_status in ngx_process.c). */
import { constants } from 'node:os';
import type { Logger } from '../log/logger.js';
import type { ProcessEnd } from './worker-process.js';

/** Logs the signal that came with the end of a child, and how it ended. */
export function logExit(
  log: Logger,
  name: string,
  pid: number,
  { code, signal }: ProcessEnd,
): void {
  const number = String(constants.signals.SIGCHLD);
  log.log('notice', `signal ${number} (SIGCHLD) received from ${String(pid)}`);
  if (signal === null) {
    log.log('notice', `${name} ${String(pid)} exited with code ${String(code)}`);
  } else {
    const by = String(constants.signals[signal]);
    log.log('alert', `${name} ${String(pid)} exited on signal ${by}`);
  }
}
