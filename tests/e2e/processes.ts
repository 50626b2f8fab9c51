/** What the kernel says about processes. */
import { readFileSync } from 'node:fs';

/** The text of a file, empty if there is none. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Whether a process is there and has not ended. */
export function isRunning(pid: number): boolean {
  const stat = textOf(`/proc/${String(pid)}/stat`);
  return stat !== '' && !stat.includes(') Z ');
}

/** A process and all that descend from it. */
export function familyOf(pid: number): readonly number[] {
  const children = textOf(`/proc/${String(pid)}/task/${String(pid)}/children`);
  return [pid, ...children.split(' ').filter(Boolean).map(Number).flatMap(familyOf)];
}
