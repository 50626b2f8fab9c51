/** The limits of this process, which Linux tells in a file and other systems to nobody. */
import { readFileSync } from 'node:fs';

/** Soft and hard limit; Infinity is no limit. */
export interface ResourceLimit {
  readonly soft: number;
  readonly hard: number;
}

/** A limit (getrlimit(2)) by its name in /proc, for instance `Max open files`; undefined where the system does not tell. */
export function resourceLimit(title: string): ResourceLimit | undefined {
  const line = lines().find((one) => one.startsWith(title));
  const [soft, hard] = line?.slice(title.length).trim().split(/\s+/) ?? [];
  return soft === undefined || hard === undefined
    ? undefined
    : { soft: toNumber(soft), hard: toNumber(hard) };
}

function lines(): readonly string[] {
  try {
    return readFileSync('/proc/self/limits', 'utf8').split('\n');
  } catch {
    return [];
  }
}

function toNumber(word: string): number {
  return word === 'unlimited' ? Infinity : Number(word);
}
