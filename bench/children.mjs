// Child processes of a run: line-wise output, one place that ends them all.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** @type {Set<Child>} */
const running = new Set();

/** A process with lines on its standard output; the last 4000 characters of its stderr go into errors. */
export class Child {
  #process;
  #name;
  #lines = [];
  #waiting = null;
  #stderr = '';
  #exited;

  /**
   * @param {string} name shown in errors
   * @param {string[]} command
   * @param {{ env?: NodeJS.ProcessEnv }} [options]
   */
  constructor(name, command, options = {}) {
    this.#name = name;
    this.#process = spawn(command[0], command.slice(1), { stdio: 'pipe', ...options });
    running.add(this);
    this.#exited = new Promise((resolve) => {
      this.#process.once('error', (error) => this.#ended(resolve, error.message));
      this.#process.once('close', (code, signal) => this.#ended(resolve, `exit ${signal ?? code}`));
    });
    this.#process.stdin.on('error', () => {}); // EPIPE: the exit is what gets reported
    this.#process.stderr.on('data', (data) => {
      this.#stderr = (this.#stderr + data).slice(-4000);
    });
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#push({ line }));
  }

  get pid() {
    return this.#process.pid;
  }

  #ended(resolve, why) {
    running.delete(this);
    this.#push({ error: new Error(`${this.#name}: ${why}\n${this.#stderr.trim()}`) });
    resolve();
  }

  #push(item) {
    if (this.#waiting === null) {
      this.#lines.push(item);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting(item);
  }

  /** The next line of standard output; rejects when the process ends first or `limitMs` pass. */
  async line(limitMs) {
    const item = this.#lines.shift() ?? (await this.#nextLine(limitMs));
    if (item.error === undefined) return item.line;
    throw item.error;
  }

  #nextLine(limitMs) {
    return new Promise((resolve) => {
      const error = new Error(`${this.#name}: no answer within ${limitMs} ms\n${this.#stderr}`);
      const timer = setTimeout(() => this.#push({ error }), limitMs);
      this.#waiting = (item) => {
        clearTimeout(timer);
        resolve(item);
      };
    });
  }

  /** The error the process ended with, when it has ended already. */
  failure() {
    return this.#lines.find((item) => item.error !== undefined)?.error;
  }

  send(line) {
    this.#process.stdin.write(`${line}\n`);
  }

  /** Ends standard input (our own programs leave then), with a signal for others; SIGKILL after 5 s. */
  async stop(signal) {
    this.#process.stdin.end();
    if (signal !== undefined) this.#process.kill(signal);
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
    await this.#exited;
    clearTimeout(timer);
  }
}

/** Ends whatever still runs; used on the way out and on a signal. */
export async function stopAll() {
  await Promise.all([...running].map((child) => child.stop('SIGTERM')));
}

/** Runs a command to its end and returns its exit code and stderr. */
export async function run(command) {
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (data) => (stderr += data));
  const failed = once(child, 'error').then(([error]) => ({ code: -1, stderr: error.message }));
  const closed = once(child, 'close').then(([code]) => ({ code, stderr }));
  failed.catch(() => {});
  closed.catch(() => {});
  return Promise.race([failed, closed]);
}
