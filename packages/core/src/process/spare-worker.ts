/**
 * A worker that was started before there is a configuration: it loads the program while its master does, and takes the
 * place of the first worker where that is to be started in the same way.
 */
import type { ChildProcess } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import type { ListeningSockets } from './listening-sockets.js';
import { withRole } from './role.js';
import { selfCommand, type SelfCommand } from './self-command.js';
import { childEnvironment } from './worker-environment.js';
import { spawnWorker, WorkerProcess, type WorkerStart } from './worker-process.js';

/** Each socket is a message and an answer; a worker that inherits them costs less from here on. */
const mostSockets = 64;

function areSendable(sockets: ListeningSockets): boolean {
  return sockets.size <= mostSockets && [...sockets.values()].every((one) => one.isSendable);
}

/** A worker in waiting. */
export class SpareWorker {
  readonly #child: ChildProcess;
  readonly #start: Pick<WorkerStart, 'command' | 'environment'>;
  #isFree = true;

  /** Starts one with the words of this process. A system that has no room for it has none for the first worker. */
  static start(words: readonly string[]): SpareWorker {
    const environment = withRole(childEnvironment(process.env, []), 'worker');
    return new SpareWorker(selfCommand(words), environment);
  }

  private constructor(command: SelfCommand, environment: NodeJS.ProcessEnv) {
    this.#start = { command, environment };
    this.#child = spawnWorker(command, environment);
    this.#child.on('error', () => undefined);
  }

  /** The worker that `start` asks for, with its sockets on the way; `undefined` where this is none, and never will be. */
  take(start: WorkerStart): WorkerProcess | undefined {
    const { pid } = this.#child;
    if (pid === undefined || !this.#isFree || !this.#isLike(start)) {
      this.dismiss();
      return undefined;
    }
    this.#isFree = false;
    for (const [address, socket] of start.sockets) {
      socket.sendTo(this.#child, { kind: 'socket', address });
    }
    return new WorkerProcess(this.#child, pid);
  }

  #isLike({ command, environment, standardError, sockets }: WorkerStart): boolean {
    if (!this.#child.connected || standardError !== undefined) return false;
    return isDeepStrictEqual({ command, environment }, this.#start) && areSendable(sockets);
  }

  /** Ends it, unless it was taken. */
  dismiss(): void {
    if (this.#isFree) this.#child.kill('SIGKILL');
    this.#isFree = false;
  }
}
