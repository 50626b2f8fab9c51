// W1: connect, log in, auth_http, backend login, OK, goodbye, many at a time.
import { GOALS, ratioRow } from '../goals.mjs';
import { alternate, compare, measure, withBoth } from '../measure.mjs';

/** Enough for the compiler of a JavaScript proxy to have seen every path of a login. */
export const WARM_UP = 4000;

/** CPU seconds of the proxy per 1000 logins. */
export const loginCpu = (one) => (one.cpu / one.logins) * 1000;

export async function login(bench) {
  const { rounds, logins, concurrency } = bench.options;
  const measured = await withBoth(bench, async (proxies) => {
    for (const proxy of proxies) {
      bench.progress(`login: warm-up of ${proxy.kind}`);
      await measure(bench, proxy, 'login', { count: WARM_UP, concurrency });
    }
    return alternate(rounds, (side, round) => {
      bench.progress(`login: round ${round + 1} of ${rounds}, ${proxies[side].kind}`);
      return measure(bench, proxies[side], 'login', { count: logins, concurrency });
    });
  });
  const what = { part: 'login', workload: `${concurrency} at once` };
  const cpu = compare(measured, loginCpu);
  const rate = compare(measured, (one) => one.logins / one.seconds);
  return {
    rounds: { [what.workload]: measured },
    rows: [
      ratioRow({ ...what, unit: 'CPU s per 1000 logins' }, cpu, GOALS[bench.options.suite].login),
      ratioRow({ ...what, unit: 'logins per second' }, rate),
    ],
  };
}
