// Nothing grows: descriptors, memory and (where the process can be asked) heap and timers over many logins.
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { atMost, valueRow } from '../goals.mjs';
import { measure } from '../measure.mjs';
import { askProbe } from '../probe-client.mjs';
import { anonymousKiB, openFiles } from '../proc.mjs';
import { startProxy } from '../proxy.mjs';

const WARM_UP = 15_000;
const BATCHES = 5;

/**
 * What may differ between two rests of a sound process. Descriptors: keep-alive connections to the auth server
 * come and go. Heap: measured after a full collection; 512 KiB over 50,000 logins is 10 bytes each, less than any
 * object. Anonymous memory: the young generation and fragmentation of malloc.
 */
const SLACK = { files: 4, timers: 1, heapKiB: 512, anonymousKiB: 8192 };

const probe = pathToFileURL(join(import.meta.dirname, '../probe.mjs')).href;

async function rest(bench, proxy) {
  await sleep(300); // the last sockets close
  const asked = proxy.kind === 'postern' ? await askProbe(bench.directory, proxy.pids()) : {};
  const pids = proxy.pids();
  return { files: openFiles(pids), anonymousKiB: anonymousKiB(pids), ...asked };
}

async function once(bench, kind) {
  const { leakLogins, concurrency } = bench.options;
  const proxy = await startProxy(kind, bench, {
    nodeFlags: ['--expose-gc', `--import=${probe}`],
    env: { POSTERN_BENCH_PROBE: bench.directory },
  });
  try {
    bench.progress(`leak: warm-up of ${kind}`);
    await measure(bench, proxy, 'login', { count: WARM_UP, concurrency });
    const rests = [await rest(bench, proxy)];
    for (let batch = 1; batch <= BATCHES; batch++) {
      bench.progress(`leak: batch ${batch} of ${BATCHES}, ${kind}`);
      await measure(bench, proxy, 'login', { count: Math.ceil(leakLogins / BATCHES), concurrency });
      rests.push(await rest(bench, proxy));
    }
    return rests;
  } finally {
    await proxy.stop();
  }
}

/** Growth from the rest after the warm-up to the last one. */
const growth = (rests, name) => rests.at(-1)[name] - rests[0][name];

export async function leak(bench) {
  const { leakLogins, proxyA, proxyB } = bench.options;
  const a = await once(bench, proxyA);
  const b = await once(bench, proxyB);
  const what = { part: 'leak', workload: `${leakLogins} logins` };
  const row = (unit, name) =>
    valueRow({ ...what, unit }, { a: growth(a, name), b: growth(b, name) }, atMost(SLACK[name]));
  const rows = [
    row('growth of open files', 'files'),
    row('growth of anonymous KiB', 'anonymousKiB'),
  ];
  if (proxyB === 'postern') {
    rows.push(row('growth of heap KiB', 'heapKiB'), row('growth of timers', 'timers'));
  }
  return { rounds: { [what.workload]: [[a, b]] }, rows };
}
