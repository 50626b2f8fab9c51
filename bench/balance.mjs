// How clients spread over the workers of a proxy, from the lines of its error log: each names the process that wrote it.
import { openSync, closeSync, fstatSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Lines are written in the background: they may come later than what they tell of. */
const LATEST_MS = 5000;

const ACCEPTED = /\[info\] (\d+)#\d+: \*\d+ client \S+ connected to /g;

/** What was appended to a file since `from`, and where it ends now. */
function tail(path, from) {
  const file = openSync(path, 'r');
  try {
    const end = fstatSync(file).size;
    const text = Buffer.alloc(end - from);
    readSync(file, text, 0, text.length, from);
    return { text: text.toString('latin1'), end };
  } finally {
    closeSync(file);
  }
}

/** Accepted clients by process number. */
function count(texts) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const [, pid] of texts.flatMap((text) => [...text.matchAll(ACCEPTED)])) {
    counts[pid] = (counts[pid] ?? 0) + 1;
  }
  return counts;
}

/**
 * Runs `work`, which has `expected` clients accepted, and says how many each worker got, the busiest first; a worker
 * that got none is no part of it.
 * @template T
 * @param {{ directories: string[] }} proxy
 * @param {number} expected
 * @param {() => Promise<T>} work
 * @returns {Promise<T & { accepted: number[] }>}
 */
export async function balanceOf(proxy, expected, work) {
  const paths = proxy.directories.map((directory) => join(directory, 'error.log'));
  const starts = paths.map((path) => tail(path, 0).end);
  const result = await work();
  for (const until = Date.now() + LATEST_MS; ; await sleep(50)) {
    const counts = Object.values(count(paths.map((path, i) => tail(path, starts[i]).text)));
    const sum = counts.reduce((total, one) => total + one, 0);
    if (sum === expected) return { ...result, accepted: counts.sort((a, b) => b - a) };
    if (Date.now() > until) throw new Error(`${sum} of ${expected} clients are in the error log`);
  }
}

/** The share of the busiest worker: 0.5 is even for two, 1 is all on one. */
export const busiestShare = ({ accepted }) =>
  accepted[0] / accepted.reduce((total, one) => total + one, 0);
