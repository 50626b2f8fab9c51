// Asks the probes of all processes of a proxy and adds their answers up.
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** @returns {Promise<{ heapKiB: number, timers: number }>} */
export async function askProbe(directory, pids) {
  const answers = await Promise.all(
    pids.map(async (pid) => JSON.parse(await text(connect(join(directory, `probe-${pid}`))))),
  );
  const sum = (name) => answers.reduce((total, answer) => total + answer[name], 0);
  return { heapKiB: sum('heapKiB'), timers: sum('timers') };
}
