// W4: TLS handshakes up to the greeting: their CPU with many at a time, and how long one client waits.
import { GOALS, ratioRow } from '../goals.mjs';
import { alternate, compare, measure, withBoth } from '../measure.mjs';

/** Handshakes before the first round: code is compiled, and caches are filled. */
const WARM_UP = 1000;

/** Handshakes of a single client: where one waits for a delayed acknowledgement (40 ms) a round still ends. */
const SINGLE = 50;

const cpuOf = (one) => (one.cpu / one.handshakes) * 1000;
const rateOf = (one) => one.handshakes / one.seconds;

function rounds(bench, proxies, name, options) {
  const { rounds } = bench.options;
  return alternate(rounds, async (side, round) => {
    const proxy = proxies[side];
    bench.progress(`${name}: round ${round + 1} of ${rounds}, ${proxy.kind}`);
    if (round === 0)
      await measure(bench, proxy, 'handshake', { ...options, count: WARM_UP, concurrency: 64 });
    return measure(bench, proxy, 'handshake', options);
  });
}

/** CPU of full and resumed handshakes, for each kind of key. */
export async function handshake(bench) {
  const { handshakes, concurrency, keys, handshakeKinds } = bench.options;
  const all = {};
  const rows = [];
  for (const key of keys) {
    const setup = { certificate: bench.certificates[key] };
    await withBoth(
      bench,
      async (proxies) => {
        for (const kind of handshakeKinds) {
          const what = { part: 'handshake', workload: `${key}, ${kind}` };
          const resume = Number(kind === 'resumed');
          const options = { count: handshakes, concurrency, resume };
          const measured = await rounds(bench, proxies, what.workload, options);
          all[what.workload] = measured;
          const cpu = compare(measured, cpuOf);
          rows.push(ratioRow({ ...what, unit: 'CPU s per 1000' }, cpu, GOALS.tls.handshake));
          rows.push(ratioRow({ ...what, unit: 'per second' }, compare(measured, rateOf)));
        }
      },
      setup,
    );
  }
  return { rounds: all, rows };
}

/** From connect to the greeting, one client after the other, with full handshakes. */
export async function greeting(bench) {
  const what = { part: 'greeting', workload: '1 client' };
  const options = { count: SINGLE, concurrency: 1 };
  const measured = await withBoth(bench, (proxies) => rounds(bench, proxies, 'greeting', options));
  const p50 = compare(measured, (one) => one.p50us / 1e3);
  const p99 = compare(measured, (one) => one.p99us / 1e3);
  return {
    rounds: { [what.workload]: measured },
    rows: [
      ratioRow({ ...what, unit: 'p50 ms' }, p50, GOALS.tls.greeting),
      ratioRow({ ...what, unit: 'p99 ms' }, p99),
    ],
  };
}
