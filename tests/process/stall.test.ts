/** `worker_stall_timeout`: workers whose event loop stands still. */
import { writeFileSync } from 'node:fs';
import { connectClient, type ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../free-port.js';
import { imapConfiguration } from './configuration.js';
import { closeProxies, eventually, isAlive, Proxy } from './proxy.js';

vi.setConfig({ testTimeout: 60_000 });

const clients: ScriptedPeer[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await closeProxies();
});

async function connect(port: number): Promise<ScriptedPeer> {
  const client = await connectClient(port, { deadlineMs: 30_000 });
  clients.push(client);
  expect(await client.line()).toBe('* OK IMAP4 ready');
  return client;
}

/** A module with which the worker loops for ever whose number is in the file "stall". */
const looping = `
import { readFileSync } from 'node:fs';
const file = new URL('stall', import.meta.url);
export const stall = {
  name: 'stall', api: 1, requires: [], before: [], directives: {},
  setup() {
    setInterval(() => {
      while (readFileSync(file, 'utf8') === String(process.pid));
    }, 20).unref();
  },
};
`;

describe('M14: a worker that does not respond', () => {
  it('is told of, killed, and replaced; sessions of others go on', async () => {
    const port = await freePort();
    const proxy = new Proxy('');
    writeFileSync(proxy.path('stall.mjs'), looping);
    writeFileSync(proxy.path('stall'), '');
    const main = 'load_module stall.mjs; worker_processes 2; worker_stall_timeout 3s;';
    proxy.configure(imapConfiguration({ listen: [port], main }));
    await proxy.start();
    for (let at = 0; at < 12; at += 1) await connect(port);
    const before = proxy.workers;
    const [victim = 0] = before;
    writeFileSync(proxy.path('stall'), String(victim));
    await proxy.logs(`worker process ${String(victim)} does not respond`);
    await proxy.logs(`worker process ${String(victim)} has not responded for 3s, killing it`);
    await proxy.logs(`worker process ${String(victim)} exited on signal 9`);
    await eventually('two workers', () => proxy.workers.length === 2);
    expect(proxy.workers.filter((one) => before.includes(one))).toHaveLength(1);
    const kept = clients.filter((client) => client.inbox.end === undefined);
    expect(kept.length).toBeGreaterThan(0);
    for (const client of kept) {
      await client.sendLine('a NOOP');
      await client.expect('a OK completed');
    }
    await connect(port);
    expect(proxy.count('killing it')).toBe(1);
  });

  it('but does so again in time lives on', async () => {
    const main = 'worker_stall_timeout 20s;';
    const proxy = new Proxy(imapConfiguration({ listen: [await freePort()], main }));
    await proxy.start();
    const [worker = 0] = proxy.workers;
    proxy.signal('SIGSTOP', worker);
    await proxy.logs(`worker process ${String(worker)} does not respond`);
    proxy.signal('SIGCONT', worker);
    await proxy.logs(`worker process ${String(worker)} responds again`);
    expect(proxy.workers).toEqual([worker]);
  });
});

it('M14: a master that stood still, and a machine that slept, cost no worker its life', async () => {
  const port = await freePort();
  const main = 'worker_processes 2; worker_stall_timeout 3s;';
  const proxy = new Proxy(imapConfiguration({ listen: [port], main }));
  await proxy.start();
  const before = proxy.workers;
  const sleep = () => new Promise((resolve) => setTimeout(resolve, 5000));
  proxy.signal('SIGSTOP');
  await sleep();
  proxy.signal('SIGCONT');
  const all = [proxy.pid, ...before];
  for (const pid of all) proxy.signal('SIGSTOP', pid);
  await sleep();
  for (const pid of all) proxy.signal('SIGCONT', pid);
  await connect(port);
  await sleep();
  expect(before.every(isAlive)).toBe(true);
  expect(proxy.log).not.toContain('killing it');
});
