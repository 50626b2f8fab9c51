/** `worker_cpu_affinity`: where workers run. */
import { readFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { freePort } from '../free-port.js';
import { imapConfiguration } from './configuration.js';
import { closeProxies, eventually, Proxy } from './proxy.js';

vi.setConfig({ testTimeout: 60_000 });

afterEach(closeProxies);

/** The list of CPUs that a process may use. */
function cpusOf(pid: number | 'self' | undefined): string {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
  return /^Cpus_allowed_list:\t(.*)$/m.exec(status)?.[1] ?? '';
}

const [first = 0] = cpusOf('self').split(/[-,]/).map(Number);
const mask = `1${'0'.repeat(first)}`;
/** Of a CPU that no machine has. */
const absent = `1${'0'.repeat(1023)}`;

it('workers run on the CPU of their mask, also one that replaces another', async () => {
  const main = `worker_processes 2; worker_cpu_affinity ${mask} ${mask};`;
  const proxy = new Proxy(imapConfiguration({ listen: [await freePort()], main }));
  await proxy.start();
  expect(proxy.workers.map(cpusOf)).toEqual([String(first), String(first)]);
  expect(proxy.count(`[notice] `)).toBeGreaterThan(0);
  await proxy.logs(`sched_setaffinity(): using cpu #${String(first)}`, 2);
  const [victim = 0] = proxy.workers;
  proxy.signal('SIGKILL', victim);
  await proxy.logs(`sched_setaffinity(): using cpu #${String(first)}`, 3);
  await eventually('two workers', () => proxy.workers.length === 2);
  expect(proxy.workers).not.toContain(victim);
  expect(proxy.workers.map(cpusOf)).toEqual([String(first), String(first)]);
  expect(cpusOf(proxy.pid)).toBe(cpusOf('self'));
  expect(proxy.log).not.toContain('sched_setaffinity() failed');
});

it('workers with auto run on one CPU each', async () => {
  const main = `worker_processes 2; worker_cpu_affinity auto ${mask};`;
  const proxy = new Proxy(imapConfiguration({ listen: [await freePort()], main }));
  await proxy.start();
  expect(proxy.workers.map(cpusOf)).toEqual([String(first), String(first)]);
});

it('a mask of CPUs that are not there is an alert, and the worker serves', async () => {
  const main = `worker_cpu_affinity ${absent};`;
  const proxy = new Proxy(imapConfiguration({ listen: [await freePort()], main }));
  await proxy.start();
  await proxy.logs('[alert]');
  expect(proxy.lines).toContain('[alert] sched_setaffinity() failed (22: Invalid argument)');
  expect(cpusOf(proxy.workers[0])).toBe(cpusOf('self'));
});

it('masks that are not as many as workers are warned of once', async () => {
  const main = `worker_processes 3; worker_cpu_affinity ${mask} ${mask};`;
  const proxy = new Proxy(imapConfiguration({ listen: [await freePort()], main }));
  const { code, err } = await proxy.run();
  proxy.noticeMaster();
  expect({ code, err }).toEqual({
    code: 0,
    err: 'nginx: [warn] the number of "worker_processes" is not equal to the number of "worker_cpu_affinity" masks, using last mask for remaining worker processes\n',
  });
  expect(proxy.workers.map(cpusOf)).toEqual([String(first), String(first), String(first)]);
});
