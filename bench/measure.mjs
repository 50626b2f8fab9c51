// One measurement of one proxy, and alternating rounds of two.
import { cpus } from 'node:os';
import { startClient, work } from './load.mjs';
import { cpuSeconds, machineCpu } from './proc.mjs';
import { startProxy } from './proxy.mjs';

/**
 * Runs a client against a proxy and takes the CPU time of everyone exactly around its work.
 *
 * @returns {Promise<object>} the client's result with
 *   `cpu` seconds of the proxy, `busy` share of one CPU the proxy used,
 *   `loadBusy` the same for the busiest generator process, `other` CPUs used by strangers.
 */
export async function measure(bench, proxy, mode, options) {
  const client = await startClient(mode, { ...proxy.client, ...options });
  const load = [client.pid, bench.backend.child.pid, bench.auth.child.pid];
  const pids = proxy.pids();
  const before = sample(pids, load);
  const result = await work(client);
  const after = sample(pids, load);
  await client.stop();

  const seconds = (after.at - before.at) / 1e3;
  // Without a proxy there is no figure of it, and NaN is no figure anywhere.
  const cpu = pids.length === 0 ? NaN : after.proxy - before.proxy;
  const loads = load.map((_, i) => after.load[i] - before.load[i]);
  const ours = (cpu || 0) + loads.reduce((sum, value) => sum + value, 0);
  return {
    ...result,
    cpu,
    busy: cpu / seconds,
    loadBusy: Math.max(...loads) / seconds,
    other: Math.max(0, (after.machine.tasks - before.machine.tasks - ours) / seconds),
    machineBusy: (after.machine.all - before.machine.all) / seconds / cpus().length,
  };
}

function sample(pids, load) {
  return {
    at: performance.now(),
    machine: machineCpu(),
    proxy: cpuSeconds(pids),
    load: load.map((pid) => cpuSeconds([pid])),
  };
}

/**
 * Starts both proxies, runs `body(proxies)` and stops them whatever happens.
 * @param {object} bench
 * @param {(proxies: object[]) => Promise<any>} body
 * @param {object} [setup] of both, see startProxy()
 */
export async function withBoth(bench, body, setup) {
  const { proxyA, proxyB } = bench.options;
  return withProxies(
    bench,
    [proxyA, proxyB].map((kind) => ({ kind, setup })),
    body,
  );
}

/**
 * As withBoth(), with any number of proxies.
 * @param {object} bench
 * @param {{ kind: string, setup?: object }[]} wanted
 * @param {(proxies: object[]) => Promise<any>} body
 */
export async function withProxies(bench, wanted, body) {
  const proxies = [];
  try {
    for (const { kind, setup } of wanted) proxies.push(await startProxy(kind, bench, setup));
    return await body(proxies);
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  }
}

/**
 * Alternating rounds, A B, B A, A B, so that a drift of the machine meets both alike.
 * @param {number} rounds
 * @param {(side: number, round: number) => Promise<object>} once
 * @returns {Promise<object[][]>} per round [a, b]
 */
export async function alternate(rounds, once) {
  const all = [];
  for (let round = 0; round < rounds; round++) {
    const pair = [];
    for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) pair[side] = await once(side, round);
    all.push(pair);
  }
  return all;
}

export function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median of both sides, median and range of the per-round ratios b/a of one figure. */
export function compare(rounds, figure) {
  const ratios = rounds.map(([a, b]) => figure(b) / figure(a));
  return {
    a: median(rounds.map(([a]) => figure(a))),
    b: median(rounds.map(([, b]) => figure(b))),
    ratio: median(ratios),
    low: Math.min(...ratios),
    high: Math.max(...ratios),
  };
}
