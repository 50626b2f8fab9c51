// W2: bulk data through logged-in sessions.
import { GOALS, ratioRow, valueRow } from '../goals.mjs';
import { alternate, compare, measure, withBoth } from '../measure.mjs';

const MiB = 1 << 20;

/** The first workload of a protocol is the one with the goal. POP3 moves nothing up, SMTP nothing down. */
const WORKLOADS = {
  imap: [workload('download', 1), workload('download', 50), workload('upload', 1)],
  pop3: [workload('download', 1), workload('download', 50)],
  smtp: [workload('upload', 1), workload('upload', 50)],
};

function workload(direction, sessions) {
  const name = `${direction}, ${sessions} session${sessions > 1 ? 's' : ''}`;
  const chunk = (sessions > 1 ? 2 : 32) * MiB;
  return { name, sessions, chunk, upload: Number(direction === 'upload') };
}

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
  const { protocol } = bench.suite;
  const goal = GOALS[bench.options.suite].relay;
  const rows = [];
  const rounds = {};
  await withBoth(bench, async (proxies) => {
    for (const [i, workload] of WORKLOADS[protocol].entries()) {
      const measured = await runWorkload(bench, proxies, workload);
      const what = { part: 'relay', workload: workload.name };
      const speed = compare(measured, (one) => one.bytes / one.seconds / 1e9);
      const cpu = compare(measured, (one) => one.cpu / (one.bytes / 1e9));
      rounds[workload.name] = measured;
      rows.push(ratioRow({ ...what, unit: 'GB per second' }, speed, i === 0 ? goal : undefined));
      rows.push(ratioRow({ ...what, unit: 'CPU s per GB' }, cpu));
      const { a, b } = compare(measured, (one) => one.busy);
      rows.push(valueRow({ ...what, unit: 'CPUs used' }, { a, b }));
    }
  });
  return { rounds, rows };
}
