// A session behind a file with many servers beside one behind a file with a single server. Sessions go to all servers
// in turn. Two numbers of servers and two proxies: a row each beside nginx, and the quotients many to one.
import { GOALS, ratioRow, valueRow } from '../goals.mjs';
import { compare, measure, withProxies } from '../measure.mjs';
import { idleOnce, MOST_ROUNDS } from './idle.mjs';
import { loginCpu, WARM_UP } from './login.mjs';

/** The four cases: [a with one server, b with one, a with many, b with many]. */
function cases({ proxyA, proxyB, servers }) {
  return [1, servers].flatMap((count) =>
    [proxyA, proxyB].map((kind) => ({ kind, setup: { servers: count } })),
  );
}

/** Rounds over all cases, each round from another one on. */
async function rotate(rounds, count, once) {
  const all = [];
  for (let round = 0; round < rounds; round++) {
    const row = [];
    for (let i = 0; i < count; i++) {
      const index = (i + round) % count;
      row[index] = await once(index, round);
    }
    all.push(row);
  }
  return all;
}

function result({ part, unit, goal }, servers, measured, figure) {
  const one = measured.map(([a, b]) => [a, b]);
  const many = measured.map(([, , a, b]) => [a, b]);
  const quotient = (side) =>
    compare(
      measured.map((row) => [row[side], row[side + 2]]),
      figure,
    );
  const beside = (pairs) => compare(pairs, figure);
  const names = ['1 server', `${servers} servers`];
  return {
    rounds: { [names[0]]: one, [names[1]]: many },
    rows: [
      ratioRow({ part, workload: names[0], unit }, beside(one)),
      ratioRow({ part, workload: names[1], unit }, beside(many)),
      valueRow(
        { part, workload: `${names[1]} to 1`, unit: `${unit}, quotient` },
        { a: quotient(0).ratio, b: quotient(1).ratio },
        goal,
      ),
    ],
  };
}

/** CPU of a login. */
export async function serversLogin(bench) {
  const { rounds, logins, concurrency, servers } = bench.options;
  const wanted = cases(bench.options);
  const measured = await withProxies(bench, wanted, async (proxies) => {
    for (const proxy of proxies) {
      bench.progress(`login: warm-up of ${proxy.kind}`);
      await measure(bench, proxy, 'login', { count: WARM_UP, concurrency });
    }
    return rotate(rounds, proxies.length, (i, round) => {
      bench.progress(`login: round ${round + 1} of ${rounds}, ${proxies[i].kind}`);
      return measure(bench, proxies[i], 'login', { count: logins, concurrency });
    });
  });
  const what = { part: 'login', unit: 'CPU s per 1000 logins', goal: GOALS.servers.login };
  return result(what, servers, measured, loginCpu);
}

/** Memory of a session at rest, and what the servers themselves take. */
export async function serversIdle(bench) {
  const { servers } = bench.options;
  const rounds = Math.min(bench.options.rounds, MOST_ROUNDS);
  const wanted = cases(bench.options);
  const measured = await rotate(rounds, wanted.length, (i, round) => {
    const { kind, setup } = wanted[i];
    bench.progress(`idle: round ${round + 1} of ${rounds}, ${kind}, ${setup.servers} servers`);
    return idleOnce(bench, kind, setup, servers); // so that each server has been used once
  });
  const what = { part: 'idle', unit: 'KiB per session', goal: GOALS.servers.idle };
  const { rounds: all, rows } = result(what, servers, measured, (one) => one.perSession);
  for (const workload of Object.keys(all)) {
    const base = compare(all[workload], (one) => one.base);
    rows.push(ratioRow({ part: 'idle', workload, unit: 'base KiB' }, base));
  }
  return { rounds: all, rows };
}
