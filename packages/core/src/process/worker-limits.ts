/**
 * Limits and CPUs that a worker has from its start (ngx_worker_process_init). The runtime has no calls for them, so a
 * shell sets them before. Where the system refuses, the worker finds them as they were, and says so.
 */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { SelfCommand } from './self-command.js';

/** What is asked for; undefined leaves it as it is. */
export interface WorkerLimits {
  /** `worker_rlimit_nofile`. */
  readonly openFiles: number | undefined;
  /** `worker_rlimit_core`, in bytes. */
  readonly coreBytes: number | undefined;
  /** `worker_cpu_affinity`, as numbers of CPUs. */
  readonly cpus: readonly number[] | undefined;
}

/** The unit in which a shell of POSIX counts. */
const block = 512;

/** The limit of core files that a shell can set for so many bytes. */
export function wholeBlocks(bytes: number): number {
  return bytes - (bytes % block);
}

/** The path of taskset, of util-linux; undefined where it is not there. */
export function findTaskset(path = process.env['PATH'] ?? ''): string | undefined {
  const folders = [...path.split(':').filter((folder) => folder !== ''), '/usr/bin', '/bin'];
  return folders.map((folder) => join(folder, 'taskset')).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `command` with these limits, soft and hard: the runtime raises its soft limit of open files to the hard one. */
export function limited(command: SelfCommand, limits: WorkerLimits): SelfCommand {
  const { openFiles, coreBytes, cpus } = limits;
  const steps: string[] = [];
  if (openFiles !== undefined) steps.push(`ulimit -n ${String(openFiles)} 2>/dev/null`);
  if (coreBytes !== undefined) {
    steps.push(`ulimit -c ${String(Math.floor(coreBytes / block))} 2>/dev/null`);
  }
  const taskset = cpus === undefined ? undefined : findTaskset();
  if (cpus !== undefined && taskset !== undefined) {
    steps.push(`"$0" -cp "${cpus.join(',')}" $$ >/dev/null 2>&1`);
  }
  if (steps.length === 0) return command;
  const script = [...steps, 'exec "$@"'].join('; ');
  const args = ['-c', script, taskset ?? 'sh', command.program, ...command.args];
  return { program: '/bin/sh', args };
}
