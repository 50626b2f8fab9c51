/** What goes wrong: workers and masters that die, and limits that are reached. */
import { connectClient, type ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../free-port.js';
import { imapConfiguration } from './configuration.js';
import { closePeers, connect, dial, startServices } from './peers.js';
import { closeProxies, cpuTicks, descriptorsOf, eventually, isAlive, Proxy } from './proxy.js';

afterEach(async () => {
  await closePeers();
  await closeProxies();
});

/** Waits for the greeting or the end of a new connection; says whether it was greeted. */
async function isGreeted(port: number): Promise<boolean> {
  const client = await dial(port);
  const line = await Promise.race([client.line().catch(() => ''), client.ended.then(() => '')]);
  return line === '* OK IMAP4 ready';
}

describe('M1: a worker that is killed', () => {
  it('takes its own sessions with it and is replaced; nobody is refused', async () => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port], main: 'worker_processes 2;' }));
    await proxy.start();
    const clients: ScriptedPeer[] = [];
    for (let at = 0; at < 20; at += 1) clients.push(await connect(port));
    const [victim = 0, survivor = 0] = proxy.workers;
    proxy.signal('SIGKILL', victim);
    for (let at = 0; at < 20; at += 1) await connect(port);
    await proxy.logs(`worker process ${String(victim)} exited on signal 9`);
    expect(proxy.log).toContain(`[alert]`);
    await eventually('two workers', () => proxy.workers.length === 2);
    expect(proxy.workers).toContain(survivor);
    const lost = clients.filter((client) => client.inbox.end !== undefined);
    const kept = clients.filter((client) => client.inbox.end === undefined);
    expect(lost.length + kept.length).toBe(20);
    for (const client of kept) {
      await client.sendLine('a NOOP');
      await client.expect('a OK completed');
    }
  });

  it('again and again is replaced with a pause after the fifth time', async () => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port] }));
    await proxy.start();
    for (let at = 1; at <= 6; at += 1) {
      await eventually('a worker', () => proxy.workers.length === 1);
      proxy.signal('SIGKILL', proxy.workers[0]);
      await proxy.logs('exited on signal 9', at);
    }
    await proxy.logs('worker processes keep failing, next start in 1s');
    // Clients wait in the queue of the socket, which is the master's.
    expect(await isGreeted(port)).toBe(true);
  });
});

describe('a worker that is told itself', () => {
  const told = [
    { signal: 'SIGTERM', said: ['exiting', 'exit'] },
    { signal: 'SIGINT', said: ['exiting', 'exit'] },
    { signal: 'SIGQUIT', said: ['gracefully shutting down', 'exiting', 'exit'] },
    { signal: 'SIGWINCH', said: ['gracefully shutting down', 'exiting', 'aborting', 'exit'] },
  ] as const;
  it.each(told)('by $signal ends and is replaced', async ({ signal, said }) => {
    const proxy = new Proxy(imapConfiguration({ listen: [await freePort()] }));
    await proxy.start();
    const [worker = 0] = proxy.workers;
    proxy.signal(signal, worker);
    await proxy.logs(`worker process ${String(worker)} exited with code 0`);
    await proxy.logs('start worker process ', 2);
    const start = ` ${String(worker)}#0: `;
    const lines = proxy.log.split('\n').filter((line) => line.includes(start));
    expect(lines.map((line) => line.slice(line.indexOf(start) + start.length)).slice(1)).toEqual(
      said,
    );
  });
});

it('M2: workers whose master is killed end, sessions first; a new master can start', async () => {
  const port = await freePort();
  const proxy = new Proxy(imapConfiguration({ listen: [port] }));
  await proxy.start();
  const client = await connect(port);
  const { pid, workers } = proxy;
  proxy.signal('SIGKILL', pid);
  await proxy.logs('gracefully shutting down');
  await expect(connectClient(port)).rejects.toThrow('ECONNREFUSED');
  await client.sendLine('a LOGOUT');
  expect(await client.readToEnd()).toContain('a OK completed');
  await eventually('end of the workers', () => !workers.some(isAlive));
  await proxy.start();
  await connect(port);
});

describe('limits', () => {
  it('L5: worker_connections: clients beyond it are closed with the line of nginx, and served again later', async () => {
    const port = await freePort();
    const proxy = new Proxy(
      imapConfiguration({ listen: [port], events: 'worker_connections 10;' }),
    );
    await proxy.start();
    const clients: ScriptedPeer[] = [];
    // Of ten, the listener and the channel to the master take one each.
    for (let at = 0; at < 8; at += 1) clients.push(await connect(port));
    expect(await isGreeted(port)).toBe(false);
    await proxy.logs(
      `10 worker_connections are not enough while accepting new connection on 127.0.0.1:${String(port)}`,
    );
    await clients[0]?.close();
    await expect.poll(() => isGreeted(port), { timeout: 10_000 }).toBe(true);
  });

  it('L4: open files: clients beyond the limit are closed, told of in the log, and served again later', async () => {
    const { authPort } = await startServices();
    const port = await freePort();
    const main = 'worker_rlimit_nofile 120;';
    const proxy = new Proxy(imapConfiguration({ listen: [port], main, authPort }));
    await proxy.start();
    const [worker = 0] = proxy.workers;
    const before = descriptorsOf(worker).length;
    const clients: ScriptedPeer[] = [];
    for (let at = 0; at < 160; at += 1) {
      const client = await connectClient(port, { deadlineMs: 20_000 });
      clients.push(client);
      await Promise.race([client.line().catch(() => ''), client.ended]);
    }
    const greeted = clients.filter((client) => client.received !== '');
    expect(greeted.length).toBeGreaterThan(60);
    expect(greeted.length).toBeLessThan(120);
    await proxy.logs(
      `accept4() failed (24: Too many open files) while accepting new connection on 127.0.0.1:${String(port)}`,
    );
    const busy = () => cpuTicks(worker);
    const ticks = busy();
    await greeted[0]?.sendLine('a NOOP');
    await greeted[0]?.expect('a OK completed');
    expect(busy() - ticks).toBeLessThan(50);
    for (const client of clients) await client.close();
    await eventually('as few descriptors as before', () => descriptorsOf(worker).length <= before);
    const client = await connect(port);
    await client.sendLine('a LOGIN alice secret');
    await client.expect(/^a OK /);
    expect(proxy.workers).toEqual([worker]);
  });
});
