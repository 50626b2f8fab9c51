/**
 * The master (ngx_master_process_cycle in ngx_process_cycle.c): binds, starts workers, and does what signals ask for. It
 * serves nobody. What takes time (reload, restart of workers) is done one after another; an end waits for none of it.
 */
import { SourceFiles } from '../config/source-files.js';
import { errnoText } from '../log/errno.js';
import { ConnectionCounter } from './connection-counter.js';
import { Generation } from './generation.js';
import type { Inheritance } from './inherited-sockets.js';
import { bindSockets, closeAll, closeOthers, type ListeningSockets } from './listening-sockets.js';
import { Ending, type End } from './master-end.js';
import { giveLogsTo } from './log-owner.js';
import { removePidFile, writePidFile } from './pid-file.js';
import {
  discard,
  openLogs,
  type Prepare,
  type Prepared,
  type ProcessLog,
  settingsOf,
} from './prepared.js';
import { workerAccount } from './privileges.js';
import type { ServiceManager } from './readiness.js';
import type { SelfCommand } from './self-command.js';
import type { Reaction, Reactions } from './signals.js';
import type { SpareWorker } from './spare-worker.js';
import { logEvents } from './system-log.js';
import { longestTimerMs } from './timers.js';
import { oldPidPath, startUpgrade } from './upgrade.js';

/** What a master is made of. */
export interface MasterParts {
  readonly log: ProcessLog;
  readonly prepare: Prepare;
  /** Says what the program is, and on what system it runs. */
  readonly announce: () => void;
  /** Tells of an error of the configuration as nginx does. */
  readonly report: (error: unknown) => void;
  readonly command: SelfCommand;
  /** A worker that runs already. */
  readonly spare: SpareWorker | undefined;
  readonly inheritance: Inheritance;
  readonly manager: ServiceManager;
  /** Whether it has gone to the background. */
  readonly isDaemon: boolean;
  /** Whether the process that started this one still is its parent: then no newer program may be started. */
  readonly hasFirstParent: () => boolean;
  /** Called after logs were opened anew. */
  readonly reopened: (prepared: Prepared) => void;
}

/** One master. */
export class Master {
  readonly #parts: MasterParts;
  readonly #inherited: ListeningSockets;
  readonly #counter = new ConnectionCounter();
  /** All that may have workers. */
  readonly #generations = new Set<Generation>();
  readonly #ending = new Ending(this.#generations);
  #current: Generation | undefined;
  #tasks: Promise<void> = Promise.resolve();
  #isReloadAsked = false;
  /** Whether a newer program runs beside this one. */
  #isUpgrading = false;
  /** Whether WINCH has sent the workers away. */
  #isResting = false;
  #hasPidFile = false;
  /** The name in the first configuration, which counts for good. */
  #lockFile: string | undefined;

  constructor(parts: MasterParts) {
    this.#parts = parts;
    this.#inherited = parts.inheritance.sockets;
  }

  /** What the signals do. */
  readonly reactions: Reactions = {
    SIGTERM: () => this.#end(this.#endOfTerm()),
    SIGINT: () => this.#end('terminate'),
    SIGQUIT: () => this.#end('quit'),
    SIGHUP: () => ({
      said: 'reconfiguring',
      act: () => {
        this.#askReload();
      },
    }),
    SIGUSR1: () => ({
      said: 'reopening logs',
      act: () => {
        this.#do((current) => {
          this.#reopen(current);
        });
      },
    }),
    SIGUSR2: () => this.#reactToUpgrade(),
    SIGWINCH: () => (this.#parts.isDaemon ? this.#reactToRest() : {}),
  };

  /**
   * Serves with `first` until a signal ends it. `serving` is called once clients are served. Rejects where it cannot
   * start; nothing is left behind then.
   */
  async run(first: Prepared, serving: () => void): Promise<void> {
    const { log, announce } = this.#parts;
    this.#lockFile = settingsOf(first).lockFile;
    const generation = await this.#make(first, this.#inherited);
    this.#current = generation;
    closeOthers(this.#inherited, generation.sockets, log);
    // Signals keep no process alive, and there may be no workers for a while.
    const life = setInterval(() => undefined, longestTimerMs);
    try {
      logEvents(first.configuration, log);
      announce();
      writePidFile(first.pidPath);
      this.#hasPidFile = true;
      await this.#start(generation);
      serving();
      await this.#ending.done;
    } catch (error) {
      this.#ending.begin('terminate');
      await this.#ending.done;
      throw error;
    } finally {
      clearInterval(life);
      this.#leave(generation);
    }
    log.log('notice', 'exit');
  }

  #leave(first: Generation): void {
    const { log } = this.#parts;
    const { prepared, sockets } = this.#current ?? first;
    const path = this.#isUpgrading ? oldPidPath(prepared.pidPath) : prepared.pidPath;
    const error = this.#hasPidFile ? removePidFile(path) : undefined;
    if (error !== undefined) log.log('alert', `unlink() "${path}" failed (${errnoText(error)})`);
    this.#closeSockets(sockets);
  }

  /** Files of UNIX-domain sockets must stay where another master serves on them, and so must what holds them. */
  #closeSockets(sockets: ListeningSockets): void {
    const { inheritance, hasFirstParent, log } = this.#parts;
    const isShared = this.#isUpgrading || (inheritance.isUpgrade && hasFirstParent());
    if (!isShared) closeAll(sockets, log);
  }

  #end(end: End): Reaction {
    return {
      said: end === 'quit' ? 'shutting down' : 'exiting',
      act: () => {
        this.#parts.manager.stopping();
        this.#ending.begin(end);
        // Sessions may go on for long; nobody is to wait in a queue meanwhile.
        if (end === 'quit' && this.#current !== undefined) {
          this.#closeSockets(this.#current.sockets);
        }
      },
    };
  }

  #endOfTerm(): End {
    const prepared = this.#current?.prepared;
    if (prepared === undefined) return 'terminate';
    return settingsOf(prepared).termSignal === 'quit' ? 'quit' : 'terminate';
  }

  /** Does `task` when those before it are done, unless the end has begun by then. */
  #do(task: (current: Generation) => void | Promise<void>): void {
    this.#tasks = this.#tasks.then(async () => {
      if (this.#ending.hasBegun || this.#current === undefined) return;
      try {
        await task(this.#current);
      } catch (error) {
        this.#parts.report(error);
      }
    });
  }

  /** Any number of HUPs that come while one waits for its turn is one. */
  #askReload(): void {
    if (this.#isReloadAsked) return;
    this.#isReloadAsked = true;
    const { manager } = this.#parts;
    this.#do(async (current) => {
      this.#isReloadAsked = false;
      manager.reloading();
      await this.#reload(current).finally(() => {
        manager.ready();
      });
    });
  }

  async #reload(current: Generation): Promise<void> {
    const { log, prepare } = this.#parts;
    if (this.#isUpgrading) {
      // The way back from an upgrade: this program goes on with what it had.
      this.#isResting = false;
      await this.#start(current);
      return;
    }
    log.log('notice', 'reconfiguring');
    const prepared = await prepare(new SourceFiles());
    if (settingsOf(prepared).lockFile !== this.#lockFile) {
      log.log('emerg', '"lock_file" could not be changed, ignored');
    }
    let next: Generation | undefined;
    try {
      next = await this.#make(prepared, current.sockets);
      await this.#replace(current, next);
    } catch (error) {
      if (next !== undefined) await this.#rollBack(current, next);
      await discard(prepared);
      throw error;
    }
  }

  /** Everything that can fail before the first worker of a configuration starts. No new socket stays open if it does. */
  async #make(prepared: Prepared, current: ListeningSockets): Promise<Generation> {
    const { command, isDaemon, log, spare } = this.#parts;
    openLogs(prepared);
    return new Generation({
      prepared,
      account: await workerAccount(settingsOf(prepared).user),
      sockets: await bindSockets(prepared.proxy.sockets(), current, log),
      command,
      isDaemon,
      counter: this.#counter,
      tellAll: (news) => {
        for (const generation of this.#generations) generation.tell(news);
      },
      log,
      spare,
      inheritedFds: () => [...this.#inherited.values()].map(({ fd }) => fd),
      shrunk: () => {
        this.#ending.look();
      },
    });
  }

  /** Nobody is started once the end has begun: nobody would be told of it. */
  async #start(generation: Generation): Promise<void> {
    if (this.#ending.hasBegun) return;
    this.#generations.add(generation);
    await generation.start();
  }

  #use({ targets, logs }: Prepared): Promise<void> {
    return this.#parts.log.use(targets.logger(logs), logs);
  }

  async #replace(current: Generation, next: Generation): Promise<void> {
    const [path, oldPath] = [next.prepared.pidPath, current.prepared.pidPath];
    if (path !== oldPath) writePidFile(path);
    await this.#use(next.prepared);
    logEvents(next.prepared.configuration, this.#parts.log);
    await this.#start(next);
    if (path !== oldPath) removePidFile(oldPath);
    this.#current = next;
    this.#isResting = false;
    for (const generation of this.#generations) if (generation !== next) generation.quit();
    closeOthers(current.sockets, next.sockets, this.#parts.log);
    await discard(current.prepared);
  }

  /** The workers of the new configuration cannot serve: the old ones go on. */
  async #rollBack(current: Generation, next: Generation): Promise<void> {
    next.terminate();
    await this.#use(current.prepared);
    if (next.prepared.pidPath !== current.prepared.pidPath) removePidFile(next.prepared.pidPath);
    closeOthers(next.sockets, current.sockets, this.#parts.log);
  }

  #reopen({ prepared, account }: Generation): void {
    const { log, reopened } = this.#parts;
    log.log('notice', 'reopening logs');
    for (const failure of prepared.targets.reopenAll()) log.log('emerg', failure);
    if (account !== undefined) giveLogsTo(account.uid, prepared.targets.paths, log);
    reopened(prepared);
    for (const generation of this.#generations) generation.reopen();
  }

  #reactToRest(): Reaction {
    return {
      said: 'stop accepting connections',
      act: () => {
        // A HUP from now on comes after this, also where one waits already.
        this.#isReloadAsked = false;
        this.#do(() => {
          this.#isResting = true;
          for (const generation of this.#generations) generation.quit();
        });
      },
    };
  }

  #reactToUpgrade(): Reaction {
    const { hasFirstParent, log } = this.#parts;
    if (!hasFirstParent() && !this.#isUpgrading) {
      return {
        said: 'changing binary',
        act: () => {
          this.#do((current) => {
            this.#upgrade(current);
          });
        },
      };
    }
    const advice = "you should shutdown or terminate before either old or new binary's process";
    return {
      said: 'ignoring',
      act: () => {
        log.log('crit', `the changing binary signal is ignored: ${advice}`);
      },
    };
  }

  #upgrade({ prepared, sockets }: Generation): void {
    // Two signals can have waited for their turn behind a reload.
    if (this.#isUpgrading) return;
    const { command, log } = this.#parts;
    this.#isUpgrading = startUpgrade({
      command,
      sockets,
      env: settingsOf(prepared).env,
      pidPath: prepared.pidPath,
      log,
      ended: () => {
        this.#isUpgrading = false;
        if (!this.#isResting) return;
        this.#isResting = false;
        this.#do((current) => this.#start(current));
      },
    });
  }
}
