// From the command to the first client: how long until an address accepts connections, and until a greeting is read.
import { GOALS, valueRow } from '../goals.mjs';
import { startClient, work } from '../load.mjs';
import { alternate, compare } from '../measure.mjs';
import { cpuSeconds } from '../proc.mjs';
import { prepareProxy } from '../proxy.mjs';

/** A start takes less than a second, and single ones differ by a third. */
const FEWEST = 10;

/** Seconds after which a start has failed. */
const LIMIT = 20;

const nowNs = () => Number(process.hrtime.bigint());

/** One start. The client waits already, and asks the last of the servers: it is the last one that listens. */
async function startOnce(kind, bench, setup) {
  const prepared = await prepareProxy(kind, bench, setup);
  const { addresses } = prepared.client;
  const options = { ...prepared.client, first: addresses - 1, seconds: LIMIT };
  const client = await startClient('await', options);
  const answer = work(client);
  const begun = nowNs();
  const proxy = prepared.spawn();
  try {
    const { connected, first } = await answer;
    const cpu = cpuSeconds(proxy.pids());
    return {
      listenMs: (connected - begun) / 1e6,
      greetingMs: (first - begun) / 1e6,
      cpuMs: cpu * 1e3,
    };
  } finally {
    await Promise.all([client.stop(), proxy.stop()]);
  }
}

async function starts(bench, name, workload, setup) {
  const rounds = Math.max(FEWEST, bench.options.rounds);
  const kinds = [bench.options.proxyA, bench.options.proxyB];
  const measured = await alternate(rounds, (side, round) => {
    bench.progress(`${name}: start ${round + 1} of ${rounds}, ${kinds[side]}`);
    return startOnce(kinds[side], bench, setup);
  });
  const what = { part: name, workload };
  const row = (unit, figure, goal) => {
    const { a, b } = compare(measured, figure);
    return valueRow({ ...what, unit }, { a, b }, goal);
  };
  return {
    rounds: { [workload]: measured },
    rows: [
      // The goal is for a file with one server.
      row('ms to listening', (one) => one.listenMs, setup.servers ? undefined : GOALS.start.listen),
      row('ms to a greeting', (one) => one.greetingMs),
      row('CPU ms to a greeting', (one) => one.cpuMs),
    ],
  };
}

/** A master and a worker. */
export const startMaster = (bench) => starts(bench, 'master', '1 server', { masterProcess: true });

/** One process. */
export const startSingle = (bench) => starts(bench, 'single', '1 server', { masterProcess: false });

/** A master and a worker, many servers. */
export const startServers = (bench) => {
  const { servers } = bench.options;
  return starts(bench, 'servers', `${servers} servers`, { masterProcess: true, servers });
};
