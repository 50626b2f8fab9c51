/** USR2: a newer program takes over the sockets, and either of the two can be told to go. */
import { existsSync, readFileSync } from 'node:fs';
import { connectClient } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../free-port.js';
import { imapConfiguration } from './configuration.js';
import { closePeers, connect } from './peers.js';
import { childrenOf, closeProxies, eventually, isAlive, Proxy } from './proxy.js';

afterEach(async () => {
  await closePeers();
  await closeProxies();
});

/** Connects again and again until the function that is returned is called; that rejects if one client was refused. */
function keepConnecting(port: number): () => Promise<number> {
  const ending = new AbortController();
  let served = 0;
  const done = (async () => {
    while (!ending.signal.aborted) {
      const client = await connectClient(port, { deadlineMs: 20_000 });
      expect(await client.line()).toBe('* OK IMAP4 ready');
      await client.close();
      served += 1;
    }
    return served;
  })();
  done.catch(() => undefined);
  return () => {
    ending.abort();
    return done;
  };
}

/** Starts a proxy and a newer one beside it. */
async function upgrade(listen: readonly (number | string)[]) {
  const main = 'error_log logs/error.log notice;';
  const proxy = new Proxy(imapConfiguration({ listen, main }));
  await proxy.start();
  const old = proxy.pid;
  proxy.signal('SIGUSR2');
  await eventually('pid file of the new master', () => ![0, old].includes(proxy.pid));
  const fresh = proxy.noticeMaster();
  await eventually('worker of the new master', () => childrenOf(fresh).length === 1);
  await proxy.logs('start worker process ', 2);
  const oldPid = (): string => readFileSync(proxy.path('logs/nginx.pid.oldbin'), 'latin1');
  return { proxy, old, fresh, oldPid };
}

const workersOf = (pid: number): readonly number[] => childrenOf(pid);

describe('an upgrade', () => {
  it('serves by both, then by the new one alone, and refuses nobody', async () => {
    const port = await freePort();
    const { proxy, old, fresh, oldPid } = await upgrade([port]);
    const stop = keepConnecting(port);
    const session = await connect(port);
    expect(oldPid()).toBe(`${String(old)}\n`);
    expect(proxy.log).toContain(`start new binary process ${String(fresh)}`);
    expect(proxy.log).toContain('using inherited sockets from "3;"');
    const oldWorkers = workersOf(old).filter((pid) => pid !== fresh);
    proxy.signal('SIGWINCH', old);
    await proxy.logs('stop accepting connections');
    proxy.signal('SIGQUIT', old);
    await session.sendLine('a LOGOUT');
    await session.readToEnd();
    await eventually('end of the old master', () => ![old, ...oldWorkers].some(isAlive));
    expect(await stop()).toBeGreaterThan(0);
    expect(existsSync(proxy.path('logs/nginx.pid.oldbin'))).toBe(false);
    expect(proxy.pid).toBe(fresh);
    await connect(port);
    await closePeers();
    await proxy.end('SIGQUIT', fresh);
    await expect(connectClient(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('is taken back by HUP to the old master, which starts its workers again', async () => {
    const port = await freePort();
    const { proxy, old, fresh } = await upgrade([port]);
    const stop = keepConnecting(port);
    const oldWorkers = workersOf(old).filter((pid) => pid !== fresh);
    proxy.signal('SIGWINCH', old);
    await eventually('no old worker', () => !oldWorkers.some(isAlive));
    proxy.signal('SIGHUP', old);
    await eventually('a worker of the old master', () => workersOf(old).length === 2);
    await proxy.logs('start worker process ', 3);
    proxy.signal('SIGQUIT', fresh);
    await eventually('end of the new master', () => !isAlive(fresh));
    await eventually('pid file', () => proxy.pid === old);
    expect(existsSync(proxy.path('logs/nginx.pid.oldbin'))).toBe(false);
    expect(await stop()).toBeGreaterThan(0);
    await proxy.logs(`new binary process ${String(fresh)} exited with code 0`);
    await connect(port);
  });

  it('is taken back by the death of the new master; workers that WINCH sent away come again', async () => {
    const port = await freePort();
    const { proxy, old, fresh } = await upgrade([port]);
    const oldWorkers = workersOf(old).filter((pid) => pid !== fresh);
    proxy.signal('SIGWINCH', old);
    await eventually('no old worker', () => !oldWorkers.some(isAlive));
    proxy.signal('SIGTERM', fresh);
    await eventually('end of the new master', () => !isAlive(fresh));
    await eventually('pid file', () => proxy.pid === old);
    await eventually('a worker', () => workersOf(old).length === 1);
    await connect(port);
  });

  it('of a program that cannot start changes nothing', async () => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port] }));
    await proxy.start();
    const { pid } = proxy;
    proxy.configure('events {');
    proxy.signal('SIGUSR2');
    await proxy.logs('exited with code 1');
    expect(proxy.log).toMatch(/new binary process \d+ exited with code 1/);
    await eventually('pid file', () => proxy.pid === pid);
    await connect(port);
  });

  it('is refused while another one is under way, and with "daemon off"', async () => {
    const advice = `the changing binary signal is ignored: you should shutdown or terminate before either old or new binary's process`;
    const { proxy, old, fresh } = await upgrade([await freePort()]);
    proxy.signal('SIGUSR2', old);
    await proxy.logs(advice);
    proxy.signal('SIGUSR2', fresh);
    await proxy.logs(advice, 2);
    await proxy.logs('signal 12 (SIGUSR2) received, ignoring', 2);
    const foreground = new Proxy(
      imapConfiguration({ listen: [await freePort()], main: 'daemon off;' }),
    );
    const ended = foreground.run();
    await foreground.logs('start worker process ');
    foreground.noticeMaster();
    foreground.signal('SIGUSR2');
    await foreground.logs(advice);
    await foreground.end();
    expect((await ended).code).toBe(0);
  });

  it('that is asked for twice while a reload is under way is one upgrade', async () => {
    const proxy = new Proxy(imapConfiguration({ listen: [await freePort()] }));
    await proxy.start();
    const old = proxy.pid;
    proxy.signal('SIGHUP');
    await proxy.logs('reconfiguring');
    proxy.signal('SIGUSR2');
    await proxy.logs('(SIGUSR2) received');
    proxy.signal('SIGUSR2');
    await eventually('pid file of the new master', () => ![0, old].includes(proxy.pid));
    const fresh = proxy.noticeMaster();
    await proxy.logs('(SIGUSR2) received', 2);
    await proxy.logs('start worker processes', 3);
    expect(proxy.count('rename()')).toBe(0);
    await proxy.end('SIGTERM', fresh);
    await eventually('pid file', () => proxy.pid === old);
    expect(existsSync(proxy.path('logs/nginx.pid.oldbin'))).toBe(false);
  });

  it('keeps UNIX-domain sockets for as long as one of the two serves', async () => {
    const { proxy, old, fresh } = await upgrade(['unix:PREFIX/socket']);
    const path = proxy.path('socket');
    proxy.signal('SIGQUIT', old);
    await eventually('end of the old master', () => !isAlive(old));
    expect(existsSync(path)).toBe(true);
    await connect(path);
    await closePeers();
    await proxy.end('SIGQUIT', fresh);
    expect(existsSync(path)).toBe(false);
    expect(proxy.count('unlink()')).toBe(0);
  });
});
