/**
 * One configuration and its workers (ngx_start_worker_processes and ngx_reap_children in ngx_process_cycle.c). A worker
 * that dies is replaced by one that reads the very same configuration, until the generation is told to end.
 */
import { closeSync } from 'node:fs';
import { errnoText } from '../log/errno.js';
import { toSystemError } from '../log/file-target.js';
import type { Logger } from '../log/logger.js';
import { ticketSecret } from '../mail/modules/ssl/ticket-keys.js';
import type { StartOrder, Supply } from './channel.js';
import type { ConnectionCounter } from './connection-counter.js';
import { cpusOf } from './cpu-affinity.js';
import { notServing } from './errors.js';
import type { ListeningSockets } from './listening-sockets.js';
import { type Prepared, settingsOf } from './prepared.js';
import type { WorkerAccount } from './privileges.js';
import { logExit } from './process-exit.js';
import { RespawnPace } from './respawn-pace.js';
import { withRole } from './role.js';
import type { SelfCommand } from './self-command.js';
import { SharedZones } from './shared-zones.js';
import { openSubstitute } from './standard-error.js';
import { Watchdog } from './watchdog.js';
import { fulfil, type Shared } from './wishes.js';
import { childEnvironment } from './worker-environment.js';
import { findTaskset, limited } from './worker-limits.js';
import type { SpareWorker } from './spare-worker.js';
import { type ProcessEnd, type StartOutcome, WorkerProcess } from './worker-process.js';

/** nginx's exit code of a worker that cannot do its work whoever starts it. */
const fatalCode = 2;

/** What a generation is made of. */
export interface GenerationParts {
  readonly prepared: Prepared;
  readonly sockets: ListeningSockets;
  readonly account: WorkerAccount | undefined;
  readonly command: SelfCommand;
  readonly isDaemon: boolean;
  /** The count of all workers. */
  readonly counter: ConnectionCounter;
  readonly log: Logger;
  /** Tells the workers of all generations. */
  readonly tellAll: (news: Supply) => void;
  /** Descriptors that this process inherited at its start and still holds. */
  readonly inheritedFds: () => readonly number[];
  /** May become the first worker. */
  readonly spare: SpareWorker | undefined;
  /** Called when a worker has ended and is not replaced. */
  readonly shrunk: () => void;
}

/** The workers of one configuration. */
export class Generation {
  readonly prepared: Prepared;
  readonly sockets: ListeningSockets;
  /** Whom its workers become. */
  readonly account: WorkerAccount | undefined;
  readonly #parts: GenerationParts;
  readonly #shared: Shared;
  readonly #watchdog: Watchdog;
  readonly #workers = new Set<WorkerProcess>();
  readonly #pace = new RespawnPace();
  readonly #waits = new Set<NodeJS.Timeout>();
  #isEnding = false;
  #isStarting = false;

  constructor(parts: GenerationParts) {
    this.prepared = parts.prepared;
    this.sockets = parts.sockets;
    this.account = parts.account;
    this.#parts = parts;
    this.#watchdog = new Watchdog(settingsOf(parts.prepared).stallTimeoutMs, parts.log);
    const zones = new SharedZones(parts.prepared.proxy.generation, parts.tellAll);
    this.#shared = { counter: parts.counter, zones };
  }

  /** Whether a worker lives or is to be started. */
  get isAlive(): boolean {
    return this.#isStarting || this.#workers.size > 0 || this.#waits.size > 0;
  }

  /**
   * Starts all workers; resolves when those that can serve do. Rejects with a PosternError where none does.
   */
  async start(): Promise<void> {
    const { workerProcesses } = settingsOf(this.prepared);
    this.#isEnding = false;
    this.#isStarting = true;
    this.#parts.log.log('notice', 'start worker processes');
    const starts = Array.from({ length: workerProcesses }, (_, index) => this.#startOne(index));
    const outcomes = await Promise.all(starts);
    this.#isStarting = false;
    if (!this.isAlive) this.#parts.shrunk();
    const refusal = outcomes.find((outcome) => typeof outcome === 'object')?.refused;
    if (outcomes.length > 0 && !outcomes.includes('ready') && !this.#isToldToEnd()) {
      throw notServing(refusal ?? 'no worker process could start');
    }
    if (refusal !== undefined) this.#parts.log.log('emerg', refusal);
  }

  async #startOne(index: number): Promise<StartOutcome> {
    const worker = await this.#spawn(index);
    return worker === undefined ? 'ended' : worker.started;
  }

  /** Asked after a wait, in which anything may have happened. */
  #isToldToEnd(): boolean {
    return this.#isEnding;
  }

  /** Lets sessions end; who ends is not replaced. */
  quit(): void {
    this.#end('quit');
  }

  /** Drops sessions; who ends is not replaced. */
  terminate(): void {
    this.#end('terminate');
  }

  /** Ends those that do not listen. */
  kill(): void {
    for (const worker of this.#workers) worker.kill();
  }

  /** Tells workers to open their logs anew. */
  reopen(): void {
    this.prepared.targets.flushAllSync();
    for (const worker of this.#workers) worker.order({ kind: 'reopen' });
  }

  /** Tells all its workers. */
  tell(news: Supply): void {
    for (const worker of this.#workers) worker.order(news);
  }

  #end(kind: 'quit' | 'terminate'): void {
    this.#isEnding = true;
    // What the master says comes before what its workers say.
    this.prepared.targets.flushAllSync();
    for (const wait of this.#waits) clearTimeout(wait);
    this.#waits.clear();
    for (const worker of this.#workers) worker.order({ kind });
  }

  /** Starts worker `index`, for the first time or again. */
  async #spawn(index: number): Promise<WorkerProcess | undefined> {
    const { log, command, isDaemon, spare } = this.#parts;
    const { env, rlimitNofile, rlimitCore } = settingsOf(this.prepared);
    const cpus = this.#cpusOf(index);
    const standardError = isDaemon ? openSubstitute(this.prepared.logs) : undefined;
    try {
      const start = {
        command: limited(command, { openFiles: rlimitNofile, coreBytes: rlimitCore, cpus }),
        environment: withRole(childEnvironment(process.env, env), 'worker'),
        standardError,
        sockets: this.sockets,
      };
      const worker = spare?.take(start) ?? (await WorkerProcess.start(start));
      log.log('notice', `start worker process ${String(worker.pid)}`);
      this.#adopt(worker, index);
      return worker;
    } catch (error) {
      const reason = errnoText(toSystemError(error));
      log.log('alert', `fork() failed while spawning "worker process" (${reason})`);
      this.#replaceLater(index);
      return undefined;
    } finally {
      if (standardError !== undefined) closeSync(standardError);
    }
  }

  /** Where worker `index` is to run; undefined where it is not bound. */
  #cpusOf(index: number): readonly number[] | undefined {
    if (findTaskset() === undefined) return undefined;
    return cpusOf(settingsOf(this.prepared).cpuAffinity, index);
  }

  #adopt(worker: WorkerProcess, index: number): void {
    this.#workers.add(worker);
    worker.said = (word) => {
      if (!this.#workers.has(worker)) return;
      this.#watchdog.heard(worker);
      const supply = word.kind === 'beat' ? undefined : fulfil(word, this.#shared);
      if (supply !== undefined) worker.order(supply);
    };
    worker.order(this.#startOrder(worker, index));
    if (this.#isEnding) worker.order({ kind: 'terminate' });
    void worker.started.then((outcome) => {
      if (outcome === 'ready') this.#watchdog.heard(worker);
      if (typeof outcome !== 'object' || this.#isStarting) return;
      this.#parts.log.log('emerg', outcome.refused);
    });
    void worker.ended.then((end) => {
      this.#workers.delete(worker);
      this.#watchdog.forget(worker);
      this.#reap(worker, index, end);
    });
  }

  #startOrder(worker: WorkerProcess, index: number): StartOrder {
    const { account, isDaemon } = this.#parts;
    const { counter, zones } = this.#shared;
    return {
      kind: 'start',
      snapshot: this.prepared.configuration.sources.snapshot,
      isChecked: this.#isStarting,
      sockets: worker.inherited,
      strays: this.#strays(worker),
      ticketSecret: ticketSecret(),
      zones: zones.inUse,
      numbers: counter.share(settingsOf(this.prepared).workerProcesses),
      account,
      cpus: this.#cpusOf(index),
      isDaemon,
    };
  }

  /** What this process inherited, each of its children inherits too, unless another descriptor takes its number. */
  #strays({ firstStray }: WorkerProcess): readonly number[] {
    return this.#parts.inheritedFds().filter((fd) => fd >= firstStray);
  }

  #reap(worker: WorkerProcess, index: number, end: ProcessEnd): void {
    const { log } = this.#parts;
    logExit(log, 'worker process', worker.pid, end);
    if (this.#isEnding) this.#parts.shrunk();
    else if (end.code === fatalCode) {
      const name = `worker process ${String(worker.pid)}`;
      log.log('alert', `${name} exited with fatal code 2 and cannot be respawned`);
      this.#parts.shrunk();
    } else this.#replaceLater(index);
  }

  #replaceLater(index: number): void {
    const waitMs = this.#pace.died(performance.now());
    if (this.#isEnding) return;
    if (waitMs > 0) {
      const seconds = String(waitMs / 1000);
      this.#parts.log.log('alert', `worker processes keep failing, next start in ${seconds}s`);
    }
    const wait = setTimeout(() => {
      this.#waits.delete(wait);
      void this.#spawn(index);
    }, waitMs);
    this.#waits.add(wait);
  }
}
