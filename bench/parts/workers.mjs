// Two workers beside nginx's two: logins, bulk data through fifty sessions, and who of them gets which clients.
import { setTimeout as sleep } from 'node:timers/promises';
import { balanceOf, busiestShare } from '../balance.mjs';
import { GOALS, ratioRow, valueRow } from '../goals.mjs';
import { startClient, work } from '../load.mjs';
import { alternate, compare, measure, withBoth } from '../measure.mjs';
import { family } from '../proc.mjs';
import { loginCpu, WARM_UP } from './login.mjs';

const WORKERS = 2;

const setup = { workers: WORKERS, masterProcess: true };

const BULK = { sessions: 50, chunk: 2 << 20, upload: 0, concurrency: 16 };

/** Milliseconds for which a worker is stopped, in which about a hundred clients come. */
const STALL = 1000;
const STALL_CLIENTS = 100;

const ms = (us) => us / 1e3;

function valuesRow(what, measured, figure) {
  const { a, b } = compare(measured, figure);
  return valueRow(what, { a, b });
}

const shareRow = (what, measured) =>
  valuesRow({ ...what, unit: 'share of the busiest worker' }, measured, busiestShare);

/** Logins, many at a time. */
export async function workersLogin(bench) {
  const { rounds, logins, concurrency } = bench.options;
  const run = (proxy, count) =>
    balanceOf(proxy, count, () => measure(bench, proxy, 'login', { count, concurrency }));
  const measured = await withBoth(
    bench,
    async (proxies) => {
      for (const proxy of proxies) {
        bench.progress(`login: warm-up of ${proxy.kind}`);
        await run(proxy, WORKERS * WARM_UP);
      }
      return alternate(rounds, (side, round) => {
        bench.progress(`login: round ${round + 1} of ${rounds}, ${proxies[side].kind}`);
        return run(proxies[side], logins);
      });
    },
    setup,
  );
  const what = { part: 'login', workload: `${concurrency} at once` };
  const row = (unit, figure, goal) => ratioRow({ ...what, unit }, compare(measured, figure), goal);
  return {
    rounds: { [what.workload]: measured },
    rows: [
      row('logins per second', (one) => one.logins / one.seconds, GOALS.workers.login),
      row('CPU s per 1000 logins', loginCpu),
      row('p99 ms', (one) => ms(one.p99us)),
      row('longest ms', (one) => ms(one.maxus)),
      valuesRow({ ...what, unit: 'CPUs used' }, measured, (one) => one.busy),
      shareRow(what, measured),
    ],
  };
}

/** Fifty downloads at a time. */
export async function workersRelay(bench) {
  const { rounds, seconds } = bench.options;
  const run = (proxy, length) =>
    balanceOf(proxy, BULK.sessions, () =>
      measure(bench, proxy, 'relay', { ...BULK, seconds: length }),
    );
  const measured = await withBoth(
    bench,
    (proxies) =>
      alternate(rounds, async (side, round) => {
        bench.progress(`relay: round ${round + 1} of ${rounds}, ${proxies[side].kind}`);
        if (round === 0) await run(proxies[side], 0.3);
        return run(proxies[side], seconds);
      }),
    setup,
  );
  const what = { part: 'relay', workload: `download, ${BULK.sessions} sessions` };
  const speed = compare(measured, (one) => one.bytes / one.seconds / 1e9);
  const cpu = compare(measured, (one) => one.cpu / (one.bytes / 1e9));
  return {
    rounds: { [what.workload]: measured },
    rows: [
      ratioRow({ ...what, unit: 'GB per second' }, speed, GOALS.workers.relay),
      ratioRow({ ...what, unit: 'CPU s per GB' }, cpu),
      valuesRow({ ...what, unit: 'CPUs used' }, measured, (one) => one.busy),
      shareRow(what, measured),
    ],
  };
}

/** Who of two idle workers gets the sessions that stay, when they come together and when they come one by one. */
export async function workersBalance(bench) {
  const { rounds, sessions } = bench.options;
  const all = {};
  const rows = [];
  for (const concurrency of [64, 1]) {
    const what = { part: 'balance', workload: `${sessions} sessions, ${concurrency} at once` };
    const measured = await withBoth(
      bench,
      (proxies) =>
        alternate(rounds, (side, round) => {
          const proxy = proxies[side];
          bench.progress(`balance: ${concurrency}, round ${round + 1} of ${rounds}, ${proxy.kind}`);
          return balanceOf(proxy, sessions, () => stay(proxy, sessions, concurrency));
        }),
      setup,
    );
    all[what.workload] = measured;
    rows.push(shareRow(what, measured));
  }
  return { rounds: all, rows };
}

/** The processes that accept: those without children. */
const workersOf = (proxy) => proxy.pids().filter((pid) => family(pid).length === 1);

/** How long new clients wait for their greeting while one of the workers does not run. */
async function stallOnce(proxy, victim) {
  const client = await startClient('await', {
    ...proxy.client,
    count: STALL_CLIENTS,
    seconds: 60,
  });
  process.kill(victim, 'SIGSTOP');
  const waking = sleep(STALL).then(() => process.kill(victim, 'SIGCONT'));
  try {
    return await work(client);
  } finally {
    await waking;
    await client.stop();
  }
}

/** A worker that hangs for a second: who else pays for it. */
export async function workersStall(bench) {
  const { rounds } = bench.options;
  const measured = await withBoth(
    bench,
    (proxies) =>
      alternate(rounds, (side, round) => {
        const proxy = proxies[side];
        bench.progress(`stall: round ${round + 1} of ${rounds}, ${proxy.kind}`);
        return stallOnce(proxy, workersOf(proxy)[round % WORKERS]);
      }),
    setup,
  );
  const what = { part: 'stall', workload: `1 of ${WORKERS} workers stopped` };
  const unit = 'longest wait for a greeting, ms';
  return {
    rounds: { [what.workload]: measured },
    rows: [valuesRow({ ...what, unit }, measured, (one) => one.longestMs)],
  };
}

async function stay(proxy, sessions, concurrency) {
  const client = await startClient('idle', { ...proxy.client, sessions, concurrency });
  await work(client);
  await client.stop();
  return {};
}
