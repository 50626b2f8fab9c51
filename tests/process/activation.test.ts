/** What the starter of a master gives it: sockets of a service manager, and somebody who waits to hear that it is ready. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { connectClient } from '@postern/testkit';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../free-port.js';
import { bin } from '../postern-command.js';
import { imapConfiguration } from './configuration.js';
import { closeProxies, eventually, Proxy } from './proxy.js';

afterEach(closeProxies);

/** The descriptor of a listening socket, which Node keeps to itself. */
function descriptorOf(server: Server): number {
  const handle: unknown = '_handle' in server ? server._handle : undefined;
  if (typeof handle === 'object' && handle !== null && 'fd' in handle) return Number(handle.fd);
  throw new Error('this runtime hides descriptors');
}

it('serves on the sockets that a service manager has opened, and leaves it their files', async () => {
  const proxy = new Proxy('');
  const path = proxy.path('socket');
  const local = createServer().listen(path);
  const waiting = createServer().listen(0, '127.0.0.1');
  await Promise.all([once(waiting, 'listening'), once(local, 'listening')]);
  const address = waiting.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const listen = [port, `unix:${path}`];
  proxy.configure(imapConfiguration({ listen, main: 'daemon off;' }));
  const script = 'LISTEN_FDS=2 LISTEN_PID=$$ exec "$0" "$@"';
  const words = [process.execPath, bin, '-p', `${proxy.directory}/`, '-c', 'nginx.conf'];
  const child = spawn('sh', ['-c', script, ...words], {
    stdio: ['ignore', 'ignore', 'inherit', descriptorOf(waiting), descriptorOf(local)],
  });
  const ended = once(child, 'close');
  waiting.close();
  await eventually('a worker', () => proxy.pid > 0 && proxy.workers.length === 1);
  proxy.noticeMaster();
  const client = await connectClient(port, { deadlineMs: 20_000 });
  expect(await client.line()).toBe('* OK IMAP4 ready');
  await client.close();
  expect(proxy.log).not.toContain('bind()');
  proxy.signal('SIGQUIT');
  expect(await ended).toEqual([0, null]);
  expect(proxy.log).not.toContain('[emerg]');
  expect(existsSync(path)).toBe(true);
  local.close();
});

/** Starts `proxy` under a service manager, and gives what that is told by the command of systemd. */
async function startManaged(proxy: Proxy): Promise<() => readonly string[]> {
  const command = proxy.path('systemd-notify');
  writeFileSync(command, `#!/bin/sh\necho "$@" >> ${proxy.path('told')}\n`);
  chmodSync(command, 0o755);
  const { PATH } = process.env;
  process.env['PATH'] = `${proxy.directory}:${PATH ?? ''}`;
  process.env['NOTIFY_SOCKET'] = '/run/systemd/notify';
  try {
    await proxy.start();
  } finally {
    process.env['PATH'] = PATH;
    delete process.env['NOTIFY_SOCKET'];
  }
  return () =>
    existsSync(proxy.path('told'))
      ? readFileSync(proxy.path('told'), 'latin1').split('\n').slice(0, -1)
      : [];
}

it('tells a service manager of its start, its reloads and its end', async () => {
  const proxy = new Proxy(imapConfiguration({ listen: [await freePort()] }));
  const told = await startManaged(proxy);
  const ready = `--ready --pid=${String(proxy.pid)}`;
  const reloading = expect.stringMatching(/^RELOADING=1 MONOTONIC_USEC=\d+$/) as string;
  await eventually('word of the start', () => told().length === 1);
  const before = Number(process.hrtime.bigint() / 1000n);
  proxy.signal('SIGHUP');
  await eventually('word of a reload', () => told().length === 3);
  const after = Number(process.hrtime.bigint() / 1000n);
  proxy.configure('mistake;');
  proxy.signal('SIGHUP');
  await eventually('word of a reload that fails', () => told().length === 5);
  await proxy.end('SIGQUIT');
  await eventually('word of the end', () => told().length === 6);
  expect(told()).toEqual([ready, reloading, ready, reloading, ready, 'STOPPING=1']);
  // CLOCK_MONOTONIC is the clock of all processes.
  const at = Number(told()[1]?.split('=')[2]);
  expect(at).toBeGreaterThan(before);
  expect(at).toBeLessThan(after);
});

it('tells a service manager of its start and its end also as one process', async () => {
  const main = 'master_process off;';
  const proxy = new Proxy(imapConfiguration({ listen: [await freePort()], main }));
  const told = await startManaged(proxy);
  const ready = `--ready --pid=${String(proxy.pid)}`;
  await eventually('word of the start', () => told().length === 1);
  await proxy.end('SIGTERM');
  await eventually('word of the end', () => told().length === 2);
  expect(told()).toEqual([ready, 'STOPPING=1']);
});

it('resumes TLS sessions whichever worker made the ticket', async () => {
  const port = await freePort();
  const proxy = new Proxy('');
  const fixtures = fileURLToPath(
    new URL('../../packages/core/test/mail/modules/ssl/fixtures/', import.meta.url),
  );
  const mail = `ssl_certificate ${fixtures}ec.pem; ssl_certificate_key ${fixtures}ec.key;`;
  const listen = [`127.0.0.1:${String(port)} ssl`];
  proxy.configure(imapConfiguration({ listen, main: 'worker_processes 4;', mail }));
  await proxy.start();
  const dial = async (session?: Buffer): Promise<TLSSocket> => {
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
    const socket = connectTls(session === undefined ? options : { ...options, session });
    await once(socket, 'data');
    return socket;
  };
  const first = await dial();
  const session = first.getSession();
  first.destroy();
  expect(session).toBeDefined();
  for (let at = 0; at < 20; at += 1) {
    const socket = await dial(session);
    expect(socket.isSessionReused()).toBe(true);
    socket.destroy();
  }
  proxy.signal('SIGHUP');
  await proxy.logs('start worker processes', 2);
  await eventually('four workers', () => proxy.workers.length === 4);
  const socket = await dial(session);
  expect(socket.isSessionReused()).toBe(true);
  socket.destroy();
});
