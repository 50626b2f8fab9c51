/**
 * Tells systemd that the service is ready (sd_notify(3)), where it asks for that by `NOTIFY_SOCKET`. The message is a
 * datagram to a UNIX-domain socket, which Node cannot send: the command of systemd does it, where it is there. The unit
 * needs `NotifyAccess=all`.
 */
import { execFile } from 'node:child_process';

/** Sends the message in the background; that it cannot be sent is nobody's fault and not told. */
export function tellServiceManager(environment: NodeJS.ProcessEnv): void {
  if (environment['NOTIFY_SOCKET'] === undefined) return;
  const words = ['--ready', `--pid=${String(process.pid)}`];
  execFile('systemd-notify', words, { timeout: 10_000 }, () => undefined);
}
