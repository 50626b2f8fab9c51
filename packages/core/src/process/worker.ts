/**
 * The life of a worker (ngx_worker_process_cycle in ngx_process_cycle.c): it reads the configuration as its master read
 * it, takes the rights of its account, serves, and ends when it is told to or when its master is gone.
 */
import { closeSync } from 'node:fs';
import { setPriority } from 'node:os';
import { SourceFiles } from '../config/source-files.js';
import { errnoText, systemError } from '../log/errno.js';
import { toSystemError } from '../log/file-target.js';
import { ConnectionNumbers } from '../net/connection-numbers.js';
import { leaveZonesTo } from '../mail/modules/ssl/session-zone.js';
import { adoptTicketSecret } from '../mail/modules/ssl/ticket-keys.js';
import { allowedCpus } from './allowed-cpus.js';
import { isOrder, type Order, type Report, type StartOrder } from './channel.js';
import { callFailed } from './errors.js';
import { startBeating } from './heartbeat.js';
import { growSlowly } from './node-flags.js';
import { openFilesLimit } from './open-files.js';
import type { BoundPlace } from '../net/listener.js';
import { openLogs, type Prepare, type Prepared, type ProcessLog, settingsOf } from './prepared.js';
import { dropPrivileges } from './privileges.js';
import { RemoteZones } from './remote-zones.js';
import { resourceLimit } from './resource-limits.js';
import type { RunningProxy } from './run.js';
import { type Reaction, type Reactions, type SignalSource, watchSignals } from './signals.js';
import { longestTimerMs } from './timers.js';
import { wholeBlocks } from './worker-limits.js';

/** What a worker is made of. */
export interface WorkerParts {
  readonly log: ProcessLog;
  readonly prepare: Prepare;
  /** The sentence of an error, as nginx has it. */
  readonly explain: (error: unknown) => string;
  /** The process itself, as far as it has a channel to its master. */
  readonly channel: Pick<NodeJS.Process, 'on' | 'send'>;
  readonly signals: SignalSource;
}

/** The range of nice values: the kernel takes the nearest one for any other number, Node refuses it. */
const highestPriority = -20;
const lowestPriority = 19;

/** nginx's exit code of a worker that cannot do its work whoever starts it. */
const fatal = 2;

/** Serves until told to end; the exit code. Never rejects. */
export function runWorker(parts: WorkerParts): Promise<number> {
  return new Worker(parts).run();
}

class Worker {
  readonly #parts: WorkerParts;
  readonly #ended: Promise<number>;
  #end: (code: number) => void = () => undefined;
  /** Sockets that the master has sent. */
  readonly #sockets = new Map<string, BoundPlace>();
  #prepared: Prepared | undefined;
  #running: RunningProxy | undefined;
  #numbers: ConnectionNumbers | undefined;
  readonly #zones = new RemoteZones((wish) => this.#tell(wish));
  #isQuitting = false;
  #isOver = false;
  #isDaemon = true;
  /** Whether WINCH was received. */
  #isDebugged = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  run(): Promise<number> {
    const { channel, signals, log } = this.#parts;
    process.title = 'nginx: worker process';
    log.started();
    watchSignals(signals, log, this.#reactions);
    channel.on('message', (message, handle: unknown) => {
      if (isOrder(message)) this.#obey(message, handle);
    });
    channel.on('disconnect', () => {
      if (this.#running === undefined) this.#end(0);
      else this.#quit();
    });
    return this.#ended;
  }

  #obey(order: Order, handle: unknown): void {
    switch (order.kind) {
      case 'socket':
        if (typeof handle === 'object' && handle !== null) {
          this.#sockets.set(order.address, { handle });
        }
        return;
      case 'start':
        void this.#start(order);
        return;
      case 'quit':
        this.#quit();
        return;
      case 'terminate':
        this.#terminate();
        return;
      case 'reopen':
        this.#reopen();
        return;
      case 'numbers':
        this.#numbers?.add(order.block);
        return;
      case 'zone':
        this.#zones.use(order);
        return;
      case 'session':
        this.#zones.answer(order.question, order.session);
        return;
      default:
        order satisfies never;
    }
  }

  get #reactions(): Reactions {
    const quit = (): Reaction => ({
      said: 'shutting down',
      act: () => {
        this.#quit();
      },
    });
    const terminate = (): Reaction => ({
      said: 'exiting',
      act: () => {
        this.#terminate();
      },
    });
    const ignore = (): Reaction => ({ said: 'ignoring' });
    return {
      SIGTERM: terminate,
      SIGINT: terminate,
      SIGQUIT: quit,
      SIGWINCH: () => {
        if (!this.#isDaemon) return {};
        this.#isDebugged = true;
        return quit();
      },
      SIGUSR1: () => ({
        said: 'reopening logs',
        act: () => {
          this.#reopen();
        },
      }),
      SIGHUP: ignore,
      SIGUSR2: ignore,
    };
  }

  async #start(order: StartOrder): Promise<void> {
    this.#isDaemon = order.isDaemon;
    let prepared: Prepared;
    try {
      prepared = await this.#open(order);
    } catch (error) {
      await this.#tell({ kind: 'refused', message: this.#parts.explain(error) });
      this.#end(fatal);
      return;
    }
    await this.#tell({ kind: 'ready' });
    growSlowly();
    startBeating(settingsOf(prepared).stallTimeoutMs, () => {
      void this.#tell({ kind: 'beat' });
    });
    if (this.#isQuitting) this.#drain();
  }

  /** From the order to a proxy that accepts clients. Rejects with what stands in the way. */
  async #open(order: StartOrder): Promise<Prepared> {
    const { prepare, log } = this.#parts;
    for (const fd of order.strays) closeSync(fd);
    adoptTicketSecret(order.ticketSecret);
    for (const use of order.zones) this.#zones.use(use);
    leaveZonesTo(this.#zones);
    const prepared = await prepare(new SourceFiles(order.snapshot, order.isChecked));
    this.#prepared = prepared;
    await log.use(openLogs(prepared), prepared.logs);
    this.#limit(prepared, order);
    for (const { address, fd } of order.sockets) this.#sockets.set(address, { fd });
    const numbers = new ConnectionNumbers(order.numbers, (count) => {
      void this.#tell({ kind: 'count', count });
    });
    this.#numbers = numbers;
    this.#running = await prepared.proxy.openShared({ bound: this.#sockets, numbers });
    return prepared;
  }

  /** What ngx_worker_process_init does before a worker serves. */
  #limit(prepared: Prepared, { account, cpus }: StartOrder): void {
    const { priority, workingDirectory } = settingsOf(prepared);
    if (priority !== 0) {
      this.#attempt(`setpriority(${String(priority)})`, () => {
        setPriority(Math.min(Math.max(priority, highestPriority), lowestPriority));
      });
    }
    this.#checkLimits(prepared);
    if (account !== undefined) dropPrivileges(account);
    if (cpus !== undefined) this.#checkCpus(cpus);
    if (workingDirectory === undefined) return;
    try {
      process.chdir(workingDirectory);
    } catch (error) {
      throw callFailed(`chdir("${workingDirectory}")`, error);
    }
  }

  /** The limits were set before this program started, if the system allowed it. */
  #checkLimits(prepared: Prepared): void {
    const { log } = this.#parts;
    const { rlimitNofile, rlimitCore } = settingsOf(prepared);
    const complain = (call: string): void => {
      log.log('alert', `${call} failed (${errnoText(systemError('EPERM'))})`);
    };
    if (rlimitNofile !== undefined && openFilesLimit()?.soft !== rlimitNofile) {
      complain(`setrlimit(RLIMIT_NOFILE, ${String(rlimitNofile)})`);
    }
    if (rlimitCore === undefined) return;
    if (resourceLimit('Max core file size')?.soft === wholeBlocks(rlimitCore)) return;
    complain(`setrlimit(RLIMIT_CORE, ${String(rlimitCore)})`);
  }

  /** So were the CPUs. Of a mask the system takes those that are there (ngx_setaffinity). */
  #checkCpus(cpus: readonly number[]): void {
    const { log } = this.#parts;
    for (const cpu of cpus) {
      log.log('notice', `sched_setaffinity(): using cpu #${String(cpu)}`);
    }
    if (allowedCpus()?.every((cpu) => cpus.includes(cpu)) === true) return;
    log.log('alert', `sched_setaffinity() failed (${errnoText(systemError('EINVAL'))})`);
  }

  /** A call that a worker can do without. */
  #attempt(call: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      const reason = errnoText(toSystemError(error));
      this.#parts.log.log('alert', `${call} failed (${reason})`);
    }
  }

  #tell(report: Report): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.channel.send?.(report, undefined, undefined, () => {
        resolve();
      });
    });
  }

  #reopen(): void {
    const { log } = this.#parts;
    log.log('notice', 'reopening logs');
    for (const failure of this.#prepared?.targets.reopenAll() ?? []) log.log('emerg', failure);
  }

  #terminate(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { log } = this.#parts;
    log.log('notice', 'exiting');
    // What nginx says where `debug_points` may stop it.
    if (this.#isDebugged) log.log('alert', 'aborting');
    log.log('notice', 'exit');
    this.#end(0);
  }

  #quit(): void {
    if (this.#isQuitting) return;
    this.#isQuitting = true;
    this.#parts.log.log('notice', 'gracefully shutting down');
    process.title = 'nginx: worker process is shutting down';
    this.#drain();
  }

  /** Goes on until the last session has ended; nothing to do where it does not serve yet. */
  #drain(): void {
    const running = this.#running;
    if (running === undefined || this.#prepared === undefined) return;
    void running.drain().then(() => {
      this.#terminate();
    });
    const { shutdownTimeoutMs } = settingsOf(this.#prepared);
    if (shutdownTimeoutMs === 0) return;
    setTimeout(
      () => {
        running.shutDown();
      },
      Math.min(shutdownTimeoutMs, longestTimerMs),
    );
  }
}
