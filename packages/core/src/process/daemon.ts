/**
 * Going to the background (ngx_daemon in ngx_daemon.c). Node cannot fork, so the command starts itself again, in a session
 * of its own, and waits until that process serves or fails: then it returns to whoever called it.
 */
import { spawn } from 'node:child_process';
import { withRole } from './role.js';
import type { SelfCommand } from './self-command.js';

const serving = 'serving';

/** Starts the daemon; resolves with the exit code for the caller: 0 once it serves. `ending` gives the start up. */
export function launchDaemon(command: SelfCommand, ending: AbortSignal): Promise<number> {
  const child = spawn(command.program, command.args, {
    env: withRole(process.env, 'daemon'),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true,
  });
  ending.addEventListener('abort', () => child.kill());
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
    child.on('message', (message) => {
      if (message !== serving) return;
      child.disconnect();
      child.unref();
      resolve(0);
    });
  });
}

/** Tells the process that started this daemon that it may go. */
export function tellLauncher(channel: Pick<NodeJS.Process, 'send'>): void {
  channel.send?.(serving, undefined, undefined, () => undefined);
}
