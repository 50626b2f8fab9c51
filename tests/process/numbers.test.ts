/** The numbers of connections in the log: one count for all workers of a master, as nginx has it in shared memory. */
import { connectClient } from '@postern/testkit';
import { afterEach, expect, it, vi } from 'vitest';
import { freePort } from '../free-port.js';
import { imapConfiguration } from './configuration.js';
import { closePeers, connect, startServices } from './peers.js';
import { closeProxies, eventually, Proxy } from './proxy.js';

vi.setConfig({ testTimeout: 60_000 });

afterEach(async () => {
  await closePeers();
  await closeProxies();
});

/** Comes and leaves `times` times. */
async function visit(port: number, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) {
    const client = await connectClient(port, { deadlineMs: 20_000 });
    expect(await client.line()).toBe('* OK IMAP4 ready');
    await client.close();
  }
}

const numbersOf = (proxy: Proxy): readonly number[] =>
  [...proxy.log.matchAll(/\*(\d+) client \S+ connected/g)].map(([, number]) => Number(number));

it('begin with 1 where one worker serves, and connections to others count too', async () => {
  const { authPort } = await startServices();
  const port = await freePort();
  const mail = 'auth_http_keepalive 0;';
  const proxy = new Proxy(imapConfiguration({ listen: [port], authPort, mail }));
  await proxy.start();
  await visit(port, 3);
  const client = await connect(port);
  await client.sendLine('a LOGIN alice secret');
  await client.expect(/^a OK /);
  await visit(port, 1);
  await proxy.logs('connected to', 5);
  expect(numbersOf(proxy)).toEqual([1, 2, 3, 4, 7]);
});

it('are different in all workers, in those of a new configuration, and in one that replaces another', async () => {
  const port = await freePort();
  const configuration = imapConfiguration({ listen: [port], main: 'worker_processes 2;' });
  const proxy = new Proxy(configuration);
  await proxy.start();
  await visit(port, 30);
  // What a worker logs is written a little later, and not at all by one that is killed.
  await proxy.logs('connected to', 30);
  const [victim = 0] = proxy.workers;
  proxy.signal('SIGKILL', victim);
  await proxy.logs('exited on signal 9');
  await eventually('two workers', () => proxy.workers.length === 2);
  await visit(port, 30);
  const before = proxy.workers;
  proxy.signal('SIGHUP');
  await eventually('new workers', () => proxy.workers.every((pid) => !before.includes(pid)));
  await visit(port, 30);
  await proxy.logs('connected to', 90);
  const numbers = numbersOf(proxy);
  expect(numbers.length).toBe(90);
  expect(new Set(numbers).size).toBe(90);
});
