/**
 * Tells systemd what the service is doing (sd_notify(3)), where it asks for that by `NOTIFY_SOCKET`. A message is a
 * datagram to a UNIX-domain socket, which Node cannot send: the command of systemd does it, where it is there. The unit
 * needs `NotifyAccess=all`.
 */
import { execFile } from 'node:child_process';

/** Who started the service, if it wants to know. That it cannot be told is nobody's fault and not reported. */
export class ServiceManager {
  readonly #isThere: boolean;
  /** Messages leave one after another: their order counts. */
  #sent: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(environment: NodeJS.ProcessEnv) {
    this.#isThere = environment['NOTIFY_SOCKET'] !== undefined;
  }

  /** Clients are served. */
  ready(): void {
    this.#tell(['--ready', `--pid=${String(process.pid)}`]);
  }

  /**
   * A reload begins; it ends with {@link ready}, whatever comes of it. The time is that of CLOCK_MONOTONIC, by which
   * systemd 253 and later tells the answer to its own request (`Type=notify-reload`).
   */
  reloading(): void {
    const microseconds = process.hrtime.bigint() / 1000n;
    this.#tell(['RELOADING=1', `MONOTONIC_USEC=${String(microseconds)}`]);
  }

  /** The end has begun, and nothing else is said any more. */
  stopping(): void {
    this.#tell(['STOPPING=1']);
    this.#isStopping = true;
  }

  #tell(words: readonly string[]): void {
    if (!this.#isThere || this.#isStopping) return;
    this.#sent = this.#sent.then(
      () =>
        new Promise((resolve) => {
          execFile('systemd-notify', words, { timeout: 10_000 }, () => {
            resolve();
          });
        }),
    );
  }
}
