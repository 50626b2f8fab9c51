/**
 * What the tests run against: postern. For work on the tests themselves `POSTERN_E2E_FRONT` puts something else there:
 * `nginx` (the installed one) or `direct` (no proxy at all: the clients talk to the mail server).
 */
import { existsSync } from 'node:fs';
import { startPostern } from './postern.js';
import {
  startProxyProcess,
  type CommandLine,
  type Front,
  type FrontOptions,
} from './proxy-process.js';

/** Starts what stands in front of the mail server on `backendPort`. */
export function startFront(backendPort: number, options: FrontOptions): Promise<Front> {
  switch (process.env['POSTERN_E2E_FRONT']) {
    case 'nginx':
      return startNginx(options);
    case 'direct':
      return Promise.resolve(noFront(backendPort));
    default:
      return startPostern(options);
  }
}

const mailModule = '/usr/lib/nginx/modules/ngx_mail_module.so';

const startNginx = (options: FrontOptions): Promise<Front> =>
  startProxyProcess(nginxCommand('daemon off; master_process off;'), options);

/** The installed nginx, with `globals` before its configuration. */
export function nginxCommand(globals: string): CommandLine {
  const load = existsSync(mailModule) ? `load_module ${mailModule};` : '';
  const main = `${load} ${globals}`;
  return (directory) => ['nginx', '-p', directory, '-c', `${directory}/nginx.conf`, '-g', main];
}

const noFront = (port: number): Front => ({
  port,
  pid: 0,
  isRunning: () => true,
  log: () => '',
  written: () => '',
  stop: () => Promise.resolve(),
});
