/**
 * The upgrade of a running program (ngx_exec_new_binary in nginx.c): signal USR2 starts the program anew, with the
 * sockets of this one. Both accept clients until one of the two is told to end.
 */
import { spawn } from 'node:child_process';
import { renameSync } from 'node:fs';
import { errnoText } from '../log/errno.js';
import { toSystemError } from '../log/file-target.js';
import type { Logger } from '../log/logger.js';
import type { EnvironmentEntry } from './main-codecs.js';
import { inheritanceText } from './inherited-sockets.js';
import type { ListeningSockets } from './listening-sockets.js';
import { logExit } from './process-exit.js';
import type { SelfCommand } from './self-command.js';
import { childEnvironment } from './worker-environment.js';

/** nginx's ending of the name of an old master's pid file. */
const oldEnding = '.oldbin';

/** The name under which the pid file of a master is kept while a newer one has the usual name. */
export function oldPidPath(path: string): string {
  return path + oldEnding;
}

/** What an upgrade needs to know. */
export interface UpgradeParts {
  readonly command: SelfCommand;
  readonly sockets: ListeningSockets;
  readonly env: readonly EnvironmentEntry[];
  readonly pidPath: string;
  readonly log: Logger;
  /** The new program has ended; the pid file has its name back. */
  readonly ended: () => void;
}

function rename(from: string, to: string): string | undefined {
  try {
    renameSync(from, to);
    return undefined;
  } catch (error) {
    return errnoText(toSystemError(error));
  }
}

/** Starts the program; false where it could not be started. */
export function startUpgrade(parts: UpgradeParts): boolean {
  const { command, sockets, env, pidPath, log } = parts;
  log.log('notice', 'changing binary');
  const name = command.args[0] ?? command.program;
  const failure = rename(pidPath, oldPidPath(pidPath));
  if (failure !== undefined) {
    const files = `rename() ${pidPath} to ${oldPidPath(pidPath)}`;
    const text = `${files} failed before executing new binary process "${name}"`;
    log.log('alert', `${text} (${failure})`);
    return false;
  }
  const restore = (): void => {
    const reason = rename(oldPidPath(pidPath), pidPath);
    if (reason === undefined) return;
    const files = `rename() ${oldPidPath(pidPath)} back to ${pidPath}`;
    log.log('alert', `${files} failed after the new binary process "${name}" exited (${reason})`);
  };
  const child = spawn(command.program, command.args, {
    env: { ...childEnvironment(process.env, env), NGINX: inheritanceText(sockets.size) },
    stdio: ['ignore', 'inherit', 'inherit', ...[...sockets.values()].map(({ fd }) => fd)],
  });
  child.once('error', (error) => {
    if (child.pid !== undefined) return;
    const reason = errnoText(toSystemError(error));
    log.log('alert', `execve() failed while executing new binary process "${name}" (${reason})`);
    restore();
    parts.ended();
  });
  child.once('exit', (code, signal) => {
    logExit(log, 'new binary process', child.pid ?? 0, { code, signal });
    restore();
    parts.ended();
  });
  if (child.pid !== undefined) log.log('notice', `start new binary process ${String(child.pid)}`);
  return true;
}
