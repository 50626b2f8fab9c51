/**
 * The master's side of `worker_stall_timeout`: who gives no sign of life is in an endless loop, waits for a disk, or was
 * stopped; the clients that the kernel gave it wait too. It is told of, and in the end killed, and so replaced.
 *
 * Silence is counted in ticks of the master's own event loop, between which it has read all there was to read. So no
 * clock counts, and neither a master that stood still nor a machine that slept makes a worker late by more than a tick.
 */
import type { Logger } from '../log/logger.js';
import { beatMs } from './heartbeat.js';

/** What is watched. */
export interface Watched {
  readonly pid: number;
  kill(): void;
}

/** Ticks without a beat after which the log says so. */
const suspicious = 3;

/** Watches the workers of one configuration. */
export class Watchdog {
  readonly #stallMs: number;
  readonly #log: Logger;
  /** Ticks since the last beat of each. */
  readonly #silence = new Map<Watched, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param stallMs - how long a worker may be silent; 0 is for ever. */
  constructor(stallMs: number, log: Logger) {
    this.#stallMs = stallMs;
    this.#log = log;
  }

  /** `worker` lives. Watches it from the first time on. */
  heard(worker: Watched): void {
    if (this.#stallMs === 0) return;
    if ((this.#silence.get(worker) ?? 0) >= suspicious) {
      this.#log.log('notice', `worker process ${String(worker.pid)} responds again`);
    }
    this.#silence.set(worker, 0);
    this.#timer ??= setInterval(() => {
      this.#tick();
    }, beatMs(this.#stallMs));
  }

  /** `worker` is gone. */
  forget(worker: Watched): void {
    this.#silence.delete(worker);
    if (this.#silence.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const most = Math.ceil(this.#stallMs / beatMs(this.#stallMs));
    for (const [worker, ticks] of this.#silence) {
      this.#silence.set(worker, ticks + 1);
      const name = `worker process ${String(worker.pid)}`;
      if (ticks + 1 === suspicious) this.#log.log('alert', `${name} does not respond`);
      if (ticks + 1 !== most + 1) continue;
      const seconds = String(this.#stallMs / 1000);
      this.#log.log('alert', `${name} has not responded for ${seconds}s, killing it`);
      worker.kill();
    }
  }
}
