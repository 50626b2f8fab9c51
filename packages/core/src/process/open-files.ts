/** The limit of open files of this process, which Linux tells in a file and other systems to nobody. */
import { readFileSync } from 'node:fs';

/** Soft and hard limit; Infinity is no limit. */
export interface OpenFiles {
  readonly soft: number;
  readonly hard: number;
}

/** The limit (getrlimit(2), RLIMIT_NOFILE); undefined where the system does not tell. */
export function openFilesLimit(): OpenFiles | undefined {
  const line = limits().find((one) => one.startsWith(title));
  const [soft, hard] = line?.slice(title.length).trim().split(/\s+/) ?? [];
  return soft === undefined || hard === undefined
    ? undefined
    : { soft: toNumber(soft), hard: toNumber(hard) };
}

const title = 'Max open files';

function limits(): readonly string[] {
  try {
    return readFileSync('/proc/self/limits', 'utf8').split('\n');
  } catch {
    return [];
  }
}

function toNumber(word: string): number {
  return word === 'unlimited' ? Infinity : Number(word);
}
