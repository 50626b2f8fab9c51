/** M12: what workers may do when the proxy is started as root. Needs root. */
import { chmodSync, copyFileSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import { connectClient, makeCertificate } from '@postern/testkit';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../free-port.js';
import { imapConfiguration } from '../../process/configuration.js';
import { closeProxies, eventually, Proxy } from '../../process/proxy.js';
import { run } from '../child.js';

beforeAll(() => {
  expect(process.getuid?.(), 'these tests need root').toBe(0);
});

afterEach(closeProxies);

/** A field of what the kernel says of a process, its words joined by one space. */
function statusOf(pid: number, field: string): string {
  const lines = readFileSync(`/proc/${String(pid)}/status`, 'latin1').split('\n');
  const line = lines.find((one) => one.startsWith(`${field}:`)) ?? '';
  return line
    .slice(field.length + 1)
    .trim()
    .split(/\s+/)
    .join(' ');
}

async function idOf(...words: string[]): Promise<string> {
  return (await run('id', words)).toString().trim();
}

async function greeting(port: number): Promise<string> {
  const client = await connectClient(port);
  try {
    return await client.line();
  } finally {
    await client.close();
  }
}

async function tlsGreeting(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return bytes.toString();
}

describe('M12: a proxy that root starts', () => {
  const users = [
    { name: 'user and its group', main: 'user games;', user: 'games', group: 'games' },
    { name: 'user and another group', main: 'user games mail;', user: 'games', group: 'mail' },
    { name: 'no user', main: '', user: 'nobody', group: 'nogroup' },
  ];
  it.each(users)('with $name has workers without rights', async ({ main, user, group }) => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port], main }));
    await proxy.start();
    const [worker = 0] = proxy.workers;
    const uid = await idOf('-u', user);
    const gid = (await run('getent', ['group', group])).toString().split(':')[2] ?? '';
    expect(statusOf(proxy.pid, 'Uid')).toBe('0 0 0 0');
    expect(statusOf(worker, 'Uid')).toBe(Array(4).fill(uid).join(' '));
    expect(statusOf(worker, 'Gid')).toBe(Array(4).fill(gid).join(' '));
    const groups = new Set([...(await idOf('-G', user)).split(' '), gid]);
    if (group !== user) groups.delete('');
    for (const one of statusOf(worker, 'Groups').split(' ')) expect([...groups]).toContain(one);
    for (const set of ['CapEff', 'CapPrm']) expect(statusOf(worker, set)).toBe('0'.repeat(16));
    expect(await greeting(port)).toBe('* OK IMAP4 ready');
  });

  it('listens on a port below 1024', async () => {
    const proxy = new Proxy(imapConfiguration({ listen: ['127.0.0.77:143'], main: 'user games;' }));
    await proxy.start();
    const client = await connectClient({ host: '127.0.0.77', port: 143 });
    expect(await client.line()).toBe('* OK IMAP4 ready');
    await client.close();
  });

  it('has workers that serve with a key they may not read, also those that come when it is gone', async () => {
    const port = await freePort();
    const proxy = new Proxy('');
    const { certificate, key } = await makeCertificate(proxy.directory);
    chmodSync(key, 0o600);
    const tls = `ssl_certificate ${certificate}; ssl_certificate_key ${key};`;
    const listen = [`127.0.0.1:${String(port)} ssl`];
    proxy.configure(imapConfiguration({ listen, main: 'user games;', mail: tls }));
    await proxy.start();
    expect(await tlsGreeting(port)).toBe('* OK IMAP4 ready\r\n');
    const [worker = 0] = proxy.workers;
    for (const file of [key, certificate, proxy.path('nginx.conf')]) {
      copyFileSync(file, `${file}.away`);
      rmSync(file);
    }
    proxy.signal('SIGKILL', worker);
    await eventually('another worker', () => ![undefined, worker].includes(proxy.workers[0]));
    expect(await tlsGreeting(port)).toBe('* OK IMAP4 ready\r\n');
    expect(statusOf(proxy.workers[0] ?? 0, 'CapEff')).toBe('0'.repeat(16));
  });

  it('gives logs to its workers, so that they can open them anew', async () => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port], main: 'user games;' }));
    await proxy.start();
    rmSync(proxy.path('logs/error.log'));
    proxy.signal('SIGUSR1');
    const uid = Number(await idOf('-u', 'games'));
    const log = proxy.path('logs/error.log');
    await eventually('owner', () => statSync(log, { throwIfNoEntry: false })?.uid === uid);
    await expect
      .poll(async () => {
        await greeting(port);
        return proxy.log;
      })
      .toContain('connected to');
    expect(proxy.log).not.toContain('Permission denied');
  });
});
