// W3: what a logged-in session at rest costs while nothing happens.
import { setTimeout as sleep } from 'node:timers/promises';
import { GOALS, ratioRow, valueRow } from '../goals.mjs';
import { startClient, work } from '../load.mjs';
import { alternate, compare, measure } from '../measure.mjs';
import { anonymousKiB, cpuSeconds } from '../proc.mjs';
import { startProxy } from '../proxy.mjs';

/** Loads the code of a login, without touching much of the heap: the base must not hide growth. */
const WARM_UP = 100;

async function settledKiB(pids, seconds) {
  await sleep(seconds * 1000);
  return anonymousKiB(pids);
}

/** Rounds of nginx agree within a hundredth, of Node within a few; each takes seconds. */
export const MOST_ROUNDS = 3;

/**
 * Fresh processes each time: memory that earlier sessions left behind would be used again. `base` and `full` are KiB
 * before and with the sessions. `warmUp` logins come first.
 */
export async function idleOnce(bench, kind, setup, warmUp = WARM_UP) {
  const { sessions, settle } = bench.options;
  const proxy = await startProxy(kind, bench, setup);
  try {
    await measure(bench, proxy, 'login', { count: warmUp, concurrency: 4 });
    const pids = proxy.pids();
    const base = await settledKiB(pids, settle / 2);
    const client = await startClient('idle', { ...proxy.client, sessions, concurrency: 64 });
    const full = await settledKiB(pids, settle);
    const cpu = cpuSeconds(pids);
    await sleep(1000);
    const idleCpu = cpuSeconds(pids) - cpu;
    await work(client); // every session must still answer
    await client.stop();
    return { base, full, perSession: (full - base) / sessions, idleCpu };
  } finally {
    await proxy.stop();
  }
}

export async function idle(bench) {
  const { sessions, proxyA, proxyB } = bench.options;
  const rounds = Math.min(bench.options.rounds, MOST_ROUNDS);
  const kinds = [proxyA, proxyB];
  const measured = await alternate(rounds, (side, round) => {
    bench.progress(`idle: round ${round + 1} of ${rounds}, ${kinds[side]}`);
    return idleOnce(bench, kinds[side]);
  });
  const what = { part: 'idle', workload: `${sessions} sessions` };
  return {
    rounds: { [what.workload]: measured },
    rows: [
      ratioRow(
        { ...what, unit: 'KiB per session' },
        compare(measured, (one) => one.perSession),
        GOALS[bench.options.suite].idle,
      ),
      valueRow({ ...what, unit: 'idle CPU %' }, compareValues(measured)),
    ],
  };
}

function compareValues(measured) {
  const { a, b } = compare(measured, (one) => one.idleCpu * 100);
  return { a, b };
}
