/** The memory a process holds, in bytes. */
import { readFileSync, writeFileSync } from 'node:fs';

function status(pid: number, field: string): number {
  const text = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text);
  if (match === null) throw new Error(`process ${String(pid)} does not tell its ${field}`);
  return 1024 * Number(match[1]);
}

/** What it holds now. */
export const residentBytes = (pid: number): number => status(pid, 'VmRSS');

/** The most it held since its start or since {@link forgetPeak}. */
export const peakBytes = (pid: number): number => status(pid, 'VmHWM');

/** Lets {@link peakBytes} count from now. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${String(pid)}/clear_refs`, '5');
}
