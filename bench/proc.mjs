// What Linux says about processes: CPU time, memory, descriptors. All of a proxy's processes count.
import { readdirSync, readFileSync } from 'node:fs';

function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // the process or thread has ended meanwhile
  }
}

function list(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** The process and all its descendants. */
export function family(pid) {
  const threads = list(`/proc/${pid}/task`);
  const children = threads.flatMap((tid) =>
    read(`/proc/${pid}/task/${tid}/children`).split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(family)];
}

/**
 * CPU time (user + system) of the given processes in seconds. The scheduler's own sum per thread is exact to the
 * nanosecond; utime and stime of /proc/PID/stat are shown in steps of 10 ms, so they are used only without it.
 */
export function cpuSeconds(pids) {
  return pids.reduce((sum, pid) => sum + processCpu(pid), 0);
}

function processCpu(pid) {
  const threads = list(`/proc/${pid}/task`);
  const sums = threads.map((tid) =>
    Number(read(`/proc/${pid}/task/${tid}/schedstat`).split(' ')[0]),
  );
  const total = sums.reduce((sum, ns) => sum + ns, 0);
  return total > 0 ? total / 1e9 : statCpu(pid);
}

function statCpu(pid) {
  const text = read(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

/**
 * Busy seconds of the whole machine, all CPUs. `tasks` is what processes used; `all` has interrupts and steal too,
 * which belong to nobody.
 */
export function machineCpu() {
  const fields = read('/proc/stat').split('\n', 1)[0].trim().split(/\s+/).slice(1);
  const [user, nice, system, , , irq, softirq, steal] = fields.map((field) => Number(field) / 100);
  const tasks = user + nice + system;
  return { tasks, all: tasks + irq + softirq + steal };
}

function rollup(pid, field) {
  const text = read(`/proc/${pid}/smaps_rollup`);
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text);
  return found === null ? undefined : Number(found[1]);
}

/** Anonymous proportional set size in KiB: memory that exists because of these processes, shared parts once. */
export function anonymousKiB(pids) {
  return pids.reduce(
    (sum, pid) => sum + (rollup(pid, 'Pss_Anon') ?? rollup(pid, 'Anonymous') ?? 0),
    0,
  );
}

/** Open file descriptors. */
export function openFiles(pids) {
  return pids.reduce((sum, pid) => sum + list(`/proc/${pid}/fd`).length, 0);
}
