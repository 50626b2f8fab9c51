// W5: a NOOP and its answer through established sessions.
import { ratioRow } from '../goals.mjs';
import { alternate, compare, measure, withBoth } from '../measure.mjs';

export async function latency(bench) {
  const { rounds, seconds } = bench.options;
  const all = {};
  const rows = [];
  await withBoth(bench, async (proxies) => {
    for (const sessions of [1, 64]) {
      const options = { sessions, concurrency: 16, seconds };
      const measured = await alternate(rounds, async (side, round) => {
        const proxy = proxies[side];
        bench.progress(`latency: ${sessions}, round ${round + 1} of ${rounds}, ${proxy.kind}`);
        if (round === 0) await measure(bench, proxy, 'latency', { ...options, seconds: 0.5 });
        return measure(bench, proxy, 'latency', options);
      });
      const what = {
        part: 'latency',
        workload: `NOOP, ${sessions} session${sessions > 1 ? 's' : ''}`,
      };
      all[what.workload] = measured;
      /** @type {[string, (one: any) => number][]} */
      const figures = [
        ['p50 us', (one) => one.p50us],
        ['p99 us', (one) => one.p99us],
        ['CPU s per 1000 round trips', (one) => (one.cpu / one.roundTrips) * 1000],
      ];
      for (const [unit, figure] of figures) {
        rows.push(ratioRow({ ...what, unit }, compare(measured, figure)));
      }
    }
  });
  return { rounds: all, rows };
}
