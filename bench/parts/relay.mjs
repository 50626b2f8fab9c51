// W2: bulk data through logged-in sessions.
import { atLeast, ratioRow, valueRow } from '../goals.mjs';
import { alternate, compare, measure, withBoth } from '../measure.mjs';

const MiB = 1 << 20;

const WORKLOADS = [
  { name: 'download, 1 session', sessions: 1, chunk: 32 * MiB, upload: 0, goal: atLeast(1.8) },
  { name: 'download, 50 sessions', sessions: 50, chunk: 2 * MiB, upload: 0 },
  { name: 'upload, 1 session', sessions: 1, chunk: 32 * MiB, upload: 1 },
];

function runWorkload(bench, proxies, { name, sessions, chunk, upload }) {
  const { rounds, seconds } = bench.options;
  const once = (proxy, length) =>
    measure(bench, proxy, 'relay', { sessions, chunk, upload, concurrency: 16, seconds: length });
  return alternate(rounds, async (side, round) => {
    const proxy = proxies[side];
    bench.progress(`relay: ${name}, round ${round + 1} of ${rounds}, ${proxy.kind}`);
    if (round === 0) await once(proxy, 0.3);
    return once(proxy, seconds);
  });
}

export async function relay(bench) {
  const rows = [];
  const rounds = {};
  await withBoth(bench, async (proxies) => {
    for (const workload of WORKLOADS) {
      const measured = await runWorkload(bench, proxies, workload);
      const what = { part: 'relay', workload: workload.name };
      const speed = compare(measured, (one) => one.bytes / one.seconds / 1e9);
      const cpu = compare(measured, (one) => one.cpu / (one.bytes / 1e9));
      rounds[workload.name] = measured;
      rows.push(ratioRow({ ...what, unit: 'GB per second' }, speed, workload.goal));
      rows.push(ratioRow({ ...what, unit: 'CPU s per GB' }, cpu));
      const { a, b } = compare(measured, (one) => one.busy);
      rows.push(valueRow({ ...what, unit: 'CPUs used' }, { a, b }));
    }
  });
  return { rounds, rows };
}
