/** `-s`: sends a signal to the master that the pid file names (ngx_signal_process in ngx_cycle.c). */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { errnoText } from '../log/errno.js';
import { toSystemError } from '../log/file-target.js';
import type { Logger } from '../log/logger.js';

/** The signals that `-s` knows, and what they send. */
export const masterSignals = {
  stop: 'SIGTERM',
  quit: 'SIGQUIT',
  reopen: 'SIGUSR1',
  reload: 'SIGHUP',
} as const;

/** Sends the signal called `name`; the exit code. What fails is logged. */
export function signalMaster(
  name: keyof typeof masterSignals,
  pidPath: string,
  log: Logger,
): 0 | 1 {
  log.log('notice', 'signal process started');
  const pid = readPid(pidPath, log);
  if (pid === undefined) return 1;
  const signal = masterSignals[name];
  try {
    process.kill(pid, signal);
    return 0;
  } catch (error) {
    const reason = errnoText(toSystemError(error));
    log.log(
      'alert',
      `kill(${String(pid)}, ${String(constants.signals[signal])}) failed (${reason})`,
    );
    return 1;
  }
}

function readPid(path: string, log: Logger): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    log.log('error', `open() "${path}" failed (${errnoText(toSystemError(error))})`);
    return undefined;
  }
  const word = text.replace(/[\r\n]*$/, '');
  if (/^\d{1,10}$/.test(word) && Number(word) > 0) return Number(word);
  log.log('error', `invalid PID number "${word.slice(0, 32)}" in "${path}"`);
  return undefined;
}
