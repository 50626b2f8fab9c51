/** Reloads: sessions and clients lose nothing, a bad file changes nothing, sockets come and go. */
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { connectClient, type ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../free-port.js';
import { imapConfiguration } from './configuration.js';
import { closeLater, closePeers, connect, startServices } from './peers.js';
import { closeProxies, descriptorsOf, eventually, isAlive, Proxy, titleOf } from './proxy.js';

const fixtures = fileURLToPath(
  new URL('../../packages/core/test/mail/modules/ssl/fixtures/', import.meta.url),
);

afterEach(async () => {
  await closePeers();
  await closeProxies();
});

/** Reloads, and waits until the new workers have taken over. */
async function reload(proxy: Proxy): Promise<void> {
  const old = proxy.workers;
  const starts = proxy.count('start worker processes');
  proxy.signal('SIGHUP');
  await proxy.logs('start worker processes', starts + 1);
  const leaves = (pid: number) => !isAlive(pid) || titleOf(pid).includes('shutting down');
  await eventually('old workers on their way out', () => old.every(leaves));
}

describe('a reload', () => {
  it('keeps sessions of both kinds, and serves new clients by new workers', async () => {
    const [port, services] = [await freePort(), await startServices()];
    const proxy = new Proxy(imapConfiguration({ listen: [port], ...services }));
    await proxy.start();
    const greeted = await connect(port);
    const relayed = await connect(port);
    await relayed.sendLine('a LOGIN alice secret');
    await relayed.expect(/^a OK /);
    const old = proxy.workers;
    await reload(proxy);
    const fresh = proxy.workers.filter((pid) => !old.includes(pid));
    expect(fresh).toHaveLength(1);
    await relayed.sendLine('b NOOP');
    await relayed.expect(/^b OK /);
    await greeted.sendLine('a LOGIN bob secret');
    await greeted.expect(/^a OK /);
    await connect(port);
    for (const client of [greeted, relayed]) {
      await client.sendLine('z LOGOUT');
      await client.readToEnd();
    }
    await eventually('end of the old worker', () => String(proxy.workers) === String(fresh));
    await proxy.logs(`worker process ${String(old[0])} exited with code 0`);
  });

  it('shows new certificates to new sessions; old sessions live', async () => {
    const port = await freePort();
    const proxy = new Proxy('');
    const use = (name: string): void => {
      copyFileSync(`${fixtures}${name}.pem`, proxy.path('server.pem'));
      copyFileSync(`${fixtures}${name}.key`, proxy.path('server.key'));
    };
    const mail = 'ssl_certificate server.pem; ssl_certificate_key server.key;';
    proxy.configure(imapConfiguration({ listen: [`127.0.0.1:${String(port)} ssl`], mail }));
    const dial = async (): Promise<TLSSocket> => {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
      closeLater(() => Promise.resolve(socket.destroy()));
      expect(String(await once(socket, 'data'))).toBe('* OK IMAP4 ready\r\n');
      return socket;
    };
    const keyOf = (socket: TLSSocket): string | undefined =>
      socket.getPeerX509Certificate()?.publicKey.asymmetricKeyType;
    use('ec');
    await proxy.start();
    const old = await dial();
    expect(keyOf(old)).toBe('ec');
    use('rsa');
    await reload(proxy);
    expect(keyOf(await dial())).toBe('rsa');
    old.write('a NOOP\r\n');
    expect(String(await once(old, 'data'))).toBe('a OK completed\r\n');
  });

  const mistakes = [
    {
      name: 'a word that is none',
      text: 'events {} nonsense;',
      says: 'unknown directive "nonsense" in',
    },
    {
      name: 'no events',
      text: 'worker_processes 1;',
      says: 'no "events" section in configuration',
    },
    {
      name: 'a certificate that is not there',
      text: 'events {} mail { auth_http 127.0.0.1:9; ssl_certificate no.pem; ssl_certificate_key no.pem; server { listen 127.0.0.1 ssl; protocol imap; } }',
      says: 'cannot load certificate "PREFIX/no.pem"',
    },
    {
      name: 'a name that does not resolve',
      text: 'events {} mail { auth_http no-such-host.invalid; server { listen 127.0.0.1; protocol imap; } }',
      says: 'host not found in auth_http "no-such-host.invalid" in PREFIX/nginx.conf:1',
    },
    {
      name: 'a log that cannot be opened',
      text: 'events {} error_log no/such.log;',
      says: 'open() "PREFIX/no/such.log" failed (2: No such file or directory)',
    },
    {
      name: 'a pid file that cannot be made',
      text: 'events {} pid no/such.pid;',
      says: 'open() "PREFIX/no/such.pid" failed (2: No such file or directory)',
    },
    {
      name: 'a directory that workers cannot enter',
      text: 'events {} error_log logs/error.log notice; working_directory /no/such;',
      says: 'chdir("/no/such") failed (2: No such file or directory)',
    },
  ];
  it.each(mistakes)('M4: with $name says so and changes nothing', async ({ text, says }) => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port] }));
    await proxy.start();
    const { pid, workers } = proxy;
    const client = await connect(port);
    proxy.configure(text);
    proxy.signal('SIGHUP');
    await proxy.logs(says.replaceAll('PREFIX', proxy.directory));
    await eventually('the workers there were', () => proxy.workers.length === 1);
    expect(proxy.pid).toBe(pid);
    expect(proxy.workers).toEqual(workers);
    expect(titleOf(workers[0] ?? 0)).toBe('nginx: worker process');
    await client.sendLine('a NOOP');
    await client.expect('a OK completed');
    await connect(port);
  });

  it('M4: onto a port that is taken changes nothing', async () => {
    const [port, taken] = [await freePort(), await freePort()];
    const other = new Proxy(imapConfiguration({ listen: [taken] }));
    await other.start();
    const proxy = new Proxy(imapConfiguration({ listen: [port] }));
    await proxy.start();
    const { workers } = proxy;
    proxy.configure(imapConfiguration({ listen: [port, taken] }));
    proxy.signal('SIGHUP');
    await proxy.logs('still could not bind()');
    expect(proxy.workers).toEqual(workers);
    await connect(port);
  });

  it('M5: closes sockets that vanish and opens new ones; the others stay', async () => {
    const [stays, goes, comes] = [await freePort(), await freePort(), await freePort()];
    const proxy = new Proxy(imapConfiguration({ listen: [stays, goes, 'unix:PREFIX/socket'] }));
    const path = proxy.path('socket');
    await proxy.start();
    const client = await connect(goes);
    await connect(path);
    proxy.configure(imapConfiguration({ listen: [comes, stays] }));
    await reload(proxy);
    await connect(stays);
    await connect(comes);
    await expect(connectClient(goes)).rejects.toThrow('ECONNREFUSED');
    expect(existsSync(path)).toBe(false);
    await proxy.logs(`deleting socket ${path}`);
    await client.sendLine('a NOOP');
    await client.expect('a OK completed');
  });

  it('says that the lock file stays, each time', async () => {
    const listen = [await freePort()];
    const proxy = new Proxy(imapConfiguration({ listen, main: 'lock_file logs/a.lock;' }));
    await proxy.start();
    proxy.configure(imapConfiguration({ listen, main: 'lock_file logs/b.lock;' }));
    await reload(proxy);
    await reload(proxy);
    proxy.configure(imapConfiguration({ listen, main: 'lock_file logs/a.lock;' }));
    await reload(proxy);
    const said = '[emerg] "lock_file" could not be changed, ignored';
    expect(proxy.lines.filter((line) => line === said)).toHaveLength(2);
  });

  it('moves the pid file and the log, and changes the number of workers', async () => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port] }));
    await proxy.start();
    const { pid } = proxy;
    const main = 'pid logs/other.pid; worker_processes 3; error_log logs/other.log notice;';
    proxy.configure(imapConfiguration({ listen: [port], main }));
    proxy.signal('SIGHUP');
    await eventually('new pid file', () => existsSync(proxy.path('logs/other.pid')));
    await eventually('no old pid file', () => !existsSync(proxy.path('logs/nginx.pid')));
    renameSync(proxy.path('logs/other.pid'), proxy.path('logs/nginx.pid'));
    expect(proxy.pid).toBe(pid);
    await eventually('three workers', () => proxy.workers.length === 3);
    await connect(port);
    renameSync(proxy.path('logs/nginx.pid'), proxy.path('logs/other.pid'));
    process.kill(pid, 'SIGTERM');
    await eventually('end', () => !isAlive(pid));
    expect(existsSync(proxy.path('logs/other.pid'))).toBe(false);
  });

  it('M3: loses no session and refuses no client while clients come without a pause', async () => {
    const [port, services] = [await freePort(), await startServices()];
    const main = 'worker_processes 2;';
    const events = 'worker_connections 4096;';
    const proxy = new Proxy(imapConfiguration({ listen: [port], main, events, ...services }));
    await proxy.start();
    const idle: ScriptedPeer[] = [];
    for (let at = 0; at < 100; at += 1) {
      const client = await connect(port);
      await client.sendLine('a LOGIN alice secret');
      await client.expect(/^a OK /);
      idle.push(client);
    }
    let isOver = false;
    let served = 0;
    const storm = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const client = await connectClient(port, { deadlineMs: 20_000 });
        expect(await client.line()).toBe('* OK IMAP4 ready');
        await client.sendLine('a LOGIN carol secret');
        await client.expect(/^a OK /);
        await client.sendLine('b LOGOUT');
        await client.readToEnd();
        await client.close();
        served += 1;
      }
    });
    for (let round = 0; round < 5; round += 1) await reload(proxy);
    isOver = true;
    await Promise.all(storm);
    expect(served).toBeGreaterThan(20);
    for (const client of idle) {
      await client.sendLine('b NOOP');
      await client.expect(/^b OK /);
    }
  });

  it('M3, M4: a hundred times, with good and bad files in turn, leaves what there was', async () => {
    const ports = [await freePort(), await freePort()];
    const listen = [ports[0] ?? 0];
    const good = [imapConfiguration({ listen }), imapConfiguration({ listen: ports })];
    const proxy = new Proxy(good[0] ?? '');
    await proxy.start();
    const { pid } = proxy;
    await reload(proxy);
    await eventually('one worker', () => proxy.workers.length === 1);
    const before = descriptorsOf(pid).length;
    for (let round = 1; round <= 50; round += 1) {
      proxy.configure('events {');
      proxy.signal('SIGHUP');
      await proxy.logs('unexpected end of file', round);
      proxy.configure(good[round % 2] ?? '');
      await reload(proxy);
      await connect(listen[0] ?? 0);
    }
    await closePeers();
    await eventually('one worker', () => proxy.workers.length === 1);
    expect(proxy.pid).toBe(pid);
    await eventually('as many descriptors', () => descriptorsOf(pid).length === before);
  }, 240_000);

  it('M6: any number of times at once comes to an end', async () => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port] }));
    await proxy.start();
    for (let at = 0; at < 50; at += 1) {
      proxy.signal(at % 3 === 0 ? 'SIGUSR1' : at % 7 === 0 ? 'SIGWINCH' : 'SIGHUP');
      await new Promise(setImmediate);
    }
    // Who is told last to send the workers away has none, as nginx.
    await eventually('one worker', () => {
      const [worker, ...others] = proxy.workers;
      if (worker === undefined) proxy.signal('SIGHUP');
      return others.length === 0 && titleOf(worker ?? 0) === 'nginx: worker process';
    });
    await connect(port);
    await proxy.end('SIGINT');
  });
});

describe('an end that comes', () => {
  const moments = [
    { name: 'while the file is read', line: 'reconfiguring', times: 1 },
    { name: 'while new workers start', line: 'start worker process ', times: 2 },
    { name: 'while old workers end', line: 'gracefully shutting down', times: 1 },
  ];
  it.each(moments)('$name is an end', async ({ line, times }) => {
    const proxy = new Proxy(imapConfiguration({ listen: [await freePort()] }));
    await proxy.start();
    const { pid } = proxy;
    const before = proxy.workers;
    proxy.signal('SIGHUP');
    await proxy.logs(line, times);
    const family = [...before, ...proxy.workers];
    await proxy.end('SIGTERM', pid);
    expect(family.some(isAlive)).toBe(false);
    expect(existsSync(proxy.path('logs/nginx.pid'))).toBe(false);
  });
});

describe('worker_shutdown_timeout', () => {
  it('ends relayed sessions, and leaves others to their own time', async () => {
    const [port, services] = [await freePort(), await startServices()];
    const main = 'worker_shutdown_timeout 300ms;';
    const proxy = new Proxy(imapConfiguration({ listen: [port], main, ...services }));
    await proxy.start();
    const greeted = await connect(port);
    const relayed = await connect(port);
    await relayed.sendLine('a LOGIN alice secret');
    await relayed.expect(/^a OK /);
    await reload(proxy);
    expect(await relayed.readToEnd()).toBe('');
    await proxy.logs('shutdown timeout while proxying, client: 127.0.0.1');
    // The login succeeds, and the session ends before it is told so.
    await greeted.sendLine('a LOGIN bob secret');
    expect(await greeted.readToEnd()).toBe('');
    await proxy.logs('shutdown timeout while proxying', 2);
    expect(proxy.count('client logged in')).toBe(2);
  });
});

describe('USR1', () => {
  it('opens the logs of master and workers anew', async () => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port] }));
    await proxy.start();
    renameSync(proxy.path('logs/error.log'), proxy.path('logs/old.log'));
    proxy.signal('SIGUSR1');
    const old = () => readFileSync(proxy.path('logs/old.log'), 'latin1');
    await eventually('lines of both', () => old().split(': reopening logs').length === 3);
    await connect(port);
    await proxy.logs('client 127.0.0.1');
    expect(old()).not.toContain('client 127.0.0.1');
    proxy.signal('SIGWINCH');
    await proxy.logs('gracefully shutting down');
  });
});
