/**
 * The `postern` command as an operator runs it: a daemon with workers, a pid file and a log in a directory of its own,
 * which is steered by signals. What a test starts is gone when `closeProxies` has run, whatever became of it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
} from 'node:fs';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { bin, nodeFlags } from '../postern-command.js';

/** How a run of the command ended. */
export interface Outcome {
  readonly code: number | null;
  /** What it wrote to standard error. */
  readonly err: string;
}

const opened: Proxy[] = [];

/** Ends every process of every proxy and removes their directories. For `afterEach`. */
export async function closeProxies(): Promise<void> {
  for (const proxy of opened.splice(0)) await proxy.remove();
}

/** Milliseconds that what must happen has to happen in, on a machine that does much else. */
export const patience = { timeout: 45_000, interval: 10 };

/** Waits until `condition` gives something true. */
export async function eventually(what: string, condition: () => unknown): Promise<void> {
  await expect.poll(() => Boolean(condition()), { ...patience, message: what }).toBe(true);
}

const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'latin1') : '');

/** The numbers of the children of a process. */
export function childrenOf(pid: number): readonly number[] {
  return read(`/proc/${String(pid)}/task/${String(pid)}/children`)
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

/** Whether a process is there, and more than an exit code that nobody has asked for. */
export function isAlive(pid: number): boolean {
  const stat = read(`/proc/${String(pid)}/stat`);
  return stat !== '' && !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}

/** What a process calls itself. */
export const titleOf = (pid: number): string =>
  read(`/proc/${String(pid)}/cmdline`)
    .replaceAll('\0', ' ')
    .trim();

/** What the descriptors of a process lead to. */
export function descriptorsOf(pid: number): readonly string[] {
  const folder = `/proc/${String(pid)}/fd`;
  return readdirSync(folder).map((fd) => {
    try {
      return readlinkSync(join(folder, fd));
    } catch {
      return '';
    }
  });
}

/** A proxy in a directory of its own. */
export class Proxy {
  readonly directory = mkdtempSync(join(tmpdir(), 'process-'));
  /** Every master there was, the latest last. */
  readonly #masters: number[] = [];

  /** @param configuration - the whole file. */
  constructor(configuration: string) {
    chmodSync(this.directory, 0o755);
    mkdirSync(this.path('logs'));
    this.configure(configuration);
    opened.push(this);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Writes the file anew; `PREFIX` in it stands for the directory. */
  configure(text: string): void {
    writeFileSync(this.path('nginx.conf'), text.replaceAll('PREFIX', this.directory));
  }

  /** Runs the command in the directory with further words, to its end. */
  async run(...words: string[]): Promise<Outcome> {
    const files = ['-p', `${this.directory}/`, '-c', 'nginx.conf'];
    const child = spawn(process.execPath, [...nodeFlags, bin, ...files, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString('latin1')));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, err };
  }

  /** Starts the daemon; it serves when this resolves. */
  async start(...words: string[]): Promise<void> {
    expect(await this.run(...words)).toEqual({ code: 0, err: '' });
    this.noticeMaster();
  }

  /** The number in the pid file. */
  get pid(): number {
    return Number(read(this.path('logs/nginx.pid')));
  }

  /** Remembers the process that the pid file names, so that it is ended with the test. */
  noticeMaster(): number {
    this.#masters.push(this.pid);
    return this.pid;
  }

  get workers(): readonly number[] {
    return childrenOf(this.pid);
  }

  /** The log so far. */
  get log(): string {
    return read(this.path('logs/error.log'));
  }

  /** The log without time and numbers of processes: `[notice] exit`. */
  get lines(): readonly string[] {
    return this.log.split('\n').map((line) => line.replace(/^\S+ \S+ (\[\w+\]) \d+#\d+: /, '$1 '));
  }

  /** How often the log has `text`. */
  count(text: string): number {
    return this.log.split(text).length - 1;
  }

  signal(name: NodeJS.Signals, pid = this.pid): void {
    process.kill(pid, name);
  }

  /** Waits until the log has `text`, `times` times. */
  async logs(text: string, times = 1): Promise<void> {
    await eventually(`"${text}" in the log:\n${this.log}`, () => this.count(text) >= times);
  }

  /** Sends a signal that ends the master, and waits until it has gone with all its workers. */
  async end(signal: NodeJS.Signals = 'SIGTERM', pid = this.pid): Promise<void> {
    const family = [pid, ...childrenOf(pid)];
    this.signal(signal, pid);
    await eventually('end of all processes', () => !family.some(isAlive));
  }

  /** Ends what is left. */
  async remove(): Promise<void> {
    const family = this.#masters.flatMap((pid) => [pid, ...childrenOf(pid)]).filter(isAlive);
    for (const pid of family) process.kill(pid, 'SIGKILL');
    await eventually('end of what is left', () => !family.some(isAlive));
    rmSync(this.directory, { recursive: true });
  }
}

/** Ticks of CPU time (10 ms each) that a process has used. */
export function cpuTicks(pid: number): number {
  const stat = read(`/proc/${String(pid)}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
