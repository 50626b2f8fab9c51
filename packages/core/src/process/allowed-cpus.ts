/** The CPUs that this process may run on, which Linux tells in a file and other systems to nobody. */
import { readFileSync } from 'node:fs';

const title = 'Cpus_allowed_list:';

/** Their numbers (sched_getaffinity(2)); undefined where the system does not tell. */
export function allowedCpus(): readonly number[] | undefined {
  try {
    const lines = readFileSync('/proc/self/status', 'utf8').split('\n');
    const line = lines.find((one) => one.startsWith(title));
    return line === undefined ? undefined : readCpuList(line.slice(title.length).trim());
  } catch {
    return undefined;
  }
}

/** The numbers of a list in the form of Linux: `0-2,5`. */
export function readCpuList(list: string): readonly number[] {
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
}
