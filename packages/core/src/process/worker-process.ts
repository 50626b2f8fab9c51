/** A worker as its master sees it: a child that is given orders, reports once whether it serves, and ends some day. */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  isReport,
  type Beat,
  type Order,
  type Report,
  type SharedSocket,
  type Wish,
} from './channel.js';
import type { ListeningSockets } from './listening-sockets.js';
import type { SelfCommand } from './self-command.js';

/** Milliseconds a worker has to begin to serve; then it is taken for hung. */
const startMs = 60_000;

/** How a child ended: one of the two is there. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What came of a start. `refused` has nginx's sentence. */
export type StartOutcome = 'ready' | 'ended' | { readonly refused: string };

/** What a worker is started with. */
export interface WorkerStart {
  readonly command: SelfCommand;
  readonly environment: NodeJS.ProcessEnv;
  /** What standard error leads to; without it the master's. */
  readonly standardError: number | undefined;
  /** What it is to listen on. */
  readonly sockets: ListeningSockets;
}

/** The first descriptor behind standard input, output, error and the channel. */
const firstSharedFd = 4;

/** Starts the process of a worker, which inherits descriptors `fds` from {@link firstSharedFd} on. */
export function spawnWorker(
  { program, args }: SelfCommand,
  environment: NodeJS.ProcessEnv,
  standardError: number | 'inherit' = 'inherit',
  fds: readonly number[] = [],
): ChildProcess {
  return spawn(program, args, {
    env: environment,
    stdio: ['ignore', 'inherit', standardError, 'ipc', ...fds],
    serialization: 'advanced',
  });
}

/** One child. */
export class WorkerProcess {
  readonly pid: number;
  /** Resolves once it serves, or does not. Never rejects. */
  readonly started: Promise<StartOutcome>;
  /** Resolves when it is gone. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** The sockets that it has inherited. */
  readonly inherited: readonly SharedSocket[];
  /** Called with what it says while it serves. */
  said: (word: Wish | Beat) => void = () => undefined;
  readonly #child: ChildProcess;

  /** Starts a worker. Rejects with the error of the system where there can be no new process. */
  static async start(start: WorkerStart): Promise<WorkerProcess> {
    const { command, environment, standardError, sockets } = start;
    const fds = [...sockets.values()].map(({ fd }) => fd);
    const child = spawnWorker(command, environment, standardError, fds);
    const { pid } = child;
    const names = [...sockets.keys()];
    const inherited = names.map((address, index) => ({ address, fd: firstSharedFd + index }));
    if (pid !== undefined) return new WorkerProcess(child, pid, inherited);
    return new Promise((_resolve, reject) => {
      child.once('error', reject);
    });
  }

  /** Of a child that runs and has got its sockets already. */
  constructor(child: ChildProcess, pid: number, inherited: readonly SharedSocket[] = []) {
    this.#child = child;
    this.pid = pid;
    this.inherited = inherited;
    // Orders that cannot be delivered any more are told here too; the end of the child says all there is to say.
    child.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve({ code, signal });
      });
    });
    this.started = this.#watchStart();
  }

  #watchStart(): Promise<StartOutcome> {
    return new Promise((resolve) => {
      const limit = setTimeout(() => {
        this.kill();
      }, startMs);
      const settle = (outcome: StartOutcome): void => {
        clearTimeout(limit);
        resolve(outcome);
      };
      this.#child.on('message', (message) => {
        if (isReport(message)) this.#hear(message, settle);
      });
      void this.ended.then(() => {
        settle('ended');
      });
    });
  }

  /** The first descriptor that is none of its own. */
  get firstStray(): number {
    return firstSharedFd + this.inherited.length;
  }

  #hear(report: Report, settle: (outcome: StartOutcome) => void): void {
    if (report.kind === 'ready') settle('ready');
    else if (report.kind === 'refused') settle({ refused: report.message });
    else this.said(report);
  }

  /** Gives an order; one that is gone does not hear it. */
  order(order: Order): void {
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }

  /** Ends it without asking. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
