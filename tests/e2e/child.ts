/**
 * A program that runs beside the tests. Its output is kept; it is ended by `stop()`, and at the latest when the test
 * process exits, so that nothing is left behind by a test that fails.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

/** A running program. */
export class Child {
  readonly pid: number;
  /** Resolves when it has ended, with its exit code or the signal that ended it. Never rejects. */
  readonly ended: Promise<number | NodeJS.Signals>;
  #output = '';
  #hasEnded = false;
  readonly #child: ChildProcess;

  /** Starts `command`. A program that does not exist ends at once with code 127. */
  constructor(command: string, args: readonly string[]) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.pid = child.pid ?? 0;
    running.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes: Buffer) => (this.#output += bytes.toString('latin1')));
    }
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#output += error.message;
        this.#end(() => {
          resolve(127);
        });
      });
      child.once('close', (code, signal) => {
        this.#end(() => {
          resolve(code ?? signal ?? 0);
        });
      });
    });
  }

  /** What it wrote to standard output and standard error, one character per byte. */
  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Asks it to end, and kills it when it has not done so after `graceMs`. Gives what {@link ended} gives. */
  stop(graceMs = 10_000): Promise<number | NodeJS.Signals> {
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    if (!this.#hasEnded) this.#child.kill('SIGTERM');
    return this.ended.finally(() => {
      clearTimeout(kill);
    });
  }

  #end(resolve: () => void): void {
    this.#hasEnded = true;
    running.delete(this.#child);
    resolve();
  }
}

/** Runs a program to its end with `input` on standard input; rejects when it fails or takes longer than `deadlineMs`. */
export async function run(
  command: string,
  args: readonly string[],
  { input = '', deadlineMs = 60_000 }: { input?: string | Buffer; deadlineMs?: number } = {},
): Promise<Buffer> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: deadlineMs });
  running.add(child);
  const output: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => complaints.push(bytes));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (code === 0) return Buffer.concat(output);
    const why = signal ?? `exit code ${String(code)}`;
    throw new Error(`${command} ended with ${why}: ${Buffer.concat(complaints).toString()}`);
  } finally {
    running.delete(child);
  }
}
