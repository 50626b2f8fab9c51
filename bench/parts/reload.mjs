// A reload of a file with many servers while many sessions rest: when clients meet the new configuration, and that
// nobody loses anything. The new servers have other names, which SMTP says in its greeting.
import { atMost, GOALS, valueRow } from '../goals.mjs';
import { startClient, work } from '../load.mjs';
import { alternate, compare, measure } from '../measure.mjs';
import { MOST_ROUNDS } from './idle.mjs';
import { startProxy } from '../proxy.mjs';

const NEW_NAME = 'again';

/** So many clients in a row that met the new configuration: the old one is gone. */
const STREAK = 50;

/** Seconds after which a reload has failed. */
const LIMIT = 30;

const WARM_UP = 1000;

const nowNs = () => Number(process.hrtime.bigint());

/** Sends HUP while short clients come one after the other. */
async function reconfigure(proxy) {
  const options = { ...proxy.client, expect: `220 ${NEW_NAME}`, count: STREAK, seconds: LIMIT };
  const client = await startClient('await', options);
  try {
    proxy.configure(NEW_NAME);
    const answer = work(client);
    const begun = nowNs();
    for (const child of proxy.children) process.kill(child.pid, 'SIGHUP');
    const { first, last, longestMs, lost } = await answer;
    const toLast = Math.max(0, last - begun);
    return { newMs: (first - begun) / 1e6, oldMs: toLast / 1e6, longestMs, lost };
  } finally {
    await client.stop();
  }
}

/** Fresh processes each time: what an earlier reload left behind would answer too. */
async function reloadOnce(kind, bench) {
  const { servers, sessions } = bench.options;
  const proxy = await startProxy(kind, bench, { servers, masterProcess: true });
  try {
    await measure(bench, proxy, 'login', { count: WARM_UP, concurrency: 64 });
    const resting = await startClient('idle', { ...proxy.client, sessions, concurrency: 64 });
    const result = await reconfigure(proxy);
    const { sessions: answered } = await work(resting);
    await resting.stop();
    return { ...result, cut: sessions - answered };
  } finally {
    await proxy.stop();
  }
}

export async function reload(bench) {
  const { servers, sessions, proxyA, proxyB } = bench.options;
  const rounds = Math.min(bench.options.rounds, MOST_ROUNDS);
  const kinds = [proxyA, proxyB];
  const measured = await alternate(rounds, (side, round) => {
    bench.progress(`reload: round ${round + 1} of ${rounds}, ${kinds[side]}`);
    return reloadOnce(kinds[side], bench);
  });
  const what = { part: 'reload', workload: `${servers} servers, ${sessions} sessions` };
  const row = (unit, figure, goal) => {
    const { a, b } = compare(measured, figure);
    return valueRow({ ...what, unit }, { a, b }, goal);
  };
  return {
    rounds: { [what.workload]: measured },
    rows: [
      row('ms to the first new greeting', (one) => one.newMs, GOALS.reload.reload),
      row('ms to the last old greeting', (one) => one.oldMs),
      row('longest wait for a greeting, ms', (one) => one.longestMs),
      row('clients without a greeting', (one) => one.lost, atMost(0)),
      row('sessions lost', (one) => one.cut, atMost(0)),
    ],
  };
}
