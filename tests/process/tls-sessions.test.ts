/** `ssl_session_cache shared` without tickets: the workers of a master share what they keep. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { freePort } from '../free-port.js';
import { imapConfiguration } from './configuration.js';
import { closeProxies, eventually, Proxy } from './proxy.js';

vi.setConfig({ testTimeout: 60_000 });

afterEach(closeProxies);

const fixtures = fileURLToPath(
  new URL('../../packages/core/test/mail/modules/ssl/fixtures/', import.meta.url),
);

function configuration(port: number, cache = 'shared:SSL:1m'): string {
  const mail = `
    ssl_certificate ${fixtures}ec.pem; ssl_certificate_key ${fixtures}ec.key;
    ssl_session_tickets off; ssl_session_cache ${cache};`;
  const listen = [`127.0.0.1:${String(port)} ssl`];
  return imapConfiguration({ listen, main: 'worker_processes 3;', mail });
}

interface Visit {
  readonly resumed: boolean;
  readonly session: Buffer | undefined;
}

async function visit(port: number, session?: Buffer): Promise<Visit> {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    maxVersion: 'TLSv1.2',
    ...(session !== undefined && { session }),
  });
  await once(socket, 'data');
  const seen = { resumed: socket.isSessionReused(), session: socket.getSession() };
  socket.destroy();
  return seen;
}

async function resumes(port: number, session: Buffer | undefined): Promise<boolean> {
  return (await visit(port, session)).resumed;
}

it('are resumed whichever worker made them, and after a reload', async () => {
  const port = await freePort();
  const proxy = new Proxy(configuration(port));
  await proxy.start();
  const { session } = await visit(port);
  for (let at = 0; at < 20; at += 1) expect(await resumes(port, session)).toBe(true);
  const before = proxy.workers;
  const reload = async (): Promise<void> => {
    const old = proxy.workers;
    proxy.signal('SIGHUP');
    await eventually('new workers', () => {
      const now = proxy.workers;
      return now.length === 3 && now.every((pid) => !old.includes(pid));
    });
  };
  await reload();
  expect(proxy.workers).not.toEqual(before);
  for (let at = 0; at < 10; at += 1) expect(await resumes(port, session)).toBe(true);
  // As in nginx, another size is another zone.
  proxy.configure(configuration(port, 'shared:SSL:2m'));
  await reload();
  expect(await resumes(port, session)).toBe(false);
});

it('are made anew by a full handshake while the master does not answer', async () => {
  const port = await freePort();
  const proxy = new Proxy(configuration(port));
  await proxy.start();
  const { session } = await visit(port);
  proxy.signal('SIGSTOP');
  try {
    for (let at = 0; at < 5; at += 1) expect(await resumes(port, session)).toBe(false);
    // Somebody who does not wait for the answer.
    const impatient = connect(port, '127.0.0.1');
    await once(impatient, 'connect');
    impatient.destroy();
  } finally {
    proxy.signal('SIGCONT');
  }
  await expect.poll(() => resumes(port, session), { timeout: 10_000 }).toBe(true);
});
