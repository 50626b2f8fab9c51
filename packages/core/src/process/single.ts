/** `master_process off`: one process does everything (ngx_single_process_cycle in ngx_process_cycle.c). */
import { errnoText } from '../log/errno.js';
import { removePidFile, writePidFile } from './pid-file.js';
import type { Prepared, ProcessLog } from './prepared.js';
import type { ServiceManager } from './readiness.js';
import type { Reaction, Reactions } from './signals.js';
import { logEvents } from './system-log.js';
import { longestTimerMs } from './timers.js';

/** What one process is made of. */
export interface SingleParts {
  readonly log: ProcessLog;
  readonly manager: ServiceManager;
  /** Says what the program is, and on what system it runs. */
  readonly announce: () => void;
  /** Called after logs were opened anew. */
  readonly reopened: (prepared: Prepared) => void;
}

/** A process that serves alone. */
export class Single {
  readonly #parts: SingleParts;
  readonly #ended: Promise<void>;
  #end: () => void = () => undefined;
  #prepared: Prepared | undefined;

  constructor(parts: SingleParts) {
    this.#parts = parts;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** What the signals do. A second one that ends is left to the system. */
  readonly reactions: Reactions = {
    SIGTERM: () => this.#finish('exiting'),
    SIGINT: () => this.#finish('exiting'),
    SIGQUIT: () => this.#finish('shutting down'),
    SIGUSR1: () => ({
      said: 'reopening logs',
      act: () => {
        this.#reopen();
      },
    }),
    SIGHUP: () => ({ said: 'ignoring: there is no master process to reload' }),
    SIGUSR2: () => ({ said: 'ignoring: there is no master process to upgrade' }),
    SIGWINCH: () => ({ said: 'ignoring' }),
  };

  /** Serves until a signal ends it. `serving` is called once clients are served. Rejects where it cannot start. */
  async run(prepared: Prepared, serving: () => void): Promise<void> {
    const { log, announce } = this.#parts;
    this.#prepared = prepared;
    const running = await prepared.proxy.open();
    // Listening for signals keeps no process alive, and a configuration need not have servers.
    const life = setInterval(() => undefined, longestTimerMs);
    try {
      await this.#keepPidFile(prepared.pidPath, async () => {
        logEvents(prepared.configuration, log);
        announce();
        serving();
        await this.#ended;
      });
    } finally {
      clearInterval(life);
      await running.stop();
    }
    log.log('notice', 'exit');
  }

  #finish(said: string): Reaction {
    return {
      said,
      once: true,
      act: () => {
        this.#parts.manager.stopping();
        this.#end();
      },
    };
  }

  #reopen(): void {
    const prepared = this.#prepared;
    if (prepared === undefined) return;
    const { log, reopened } = this.#parts;
    log.log('notice', 'reopening logs');
    for (const failure of prepared.targets.reopenAll()) log.log('emerg', failure);
    reopened(prepared);
  }

  /** The pid file is there while `work` is under way. */
  async #keepPidFile(path: string, work: () => Promise<void>): Promise<void> {
    writePidFile(path);
    try {
      await work();
    } finally {
      const error = removePidFile(path);
      if (error !== undefined) {
        this.#parts.log.log('alert', `unlink() "${path}" failed (${errnoText(error)})`);
      }
    }
  }
}
