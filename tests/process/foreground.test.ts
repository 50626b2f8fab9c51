/** A master in the foreground starts its first worker before it knows its configuration. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../free-port.js';
import { imapConfiguration } from './configuration.js';
import { greeting } from './greeting.js';
import { childrenOf, closeProxies, patience, Proxy } from './proxy.js';

afterEach(closeProxies);

/** The process that wrote the first line of the log. */
const writerOf = ({ log }: Proxy): number => Number(/\] (\d+)#/.exec(log)?.[1]);

const workerOf = ({ log }: Proxy): number => Number(/start worker process (\d+)/.exec(log)?.[1]);

const processFile = (pid: number, name: string): string =>
  readFileSync(`/proc/${String(pid)}/${name}`, 'latin1');

const cases: readonly {
  readonly name: string;
  readonly main: string;
  readonly unix?: boolean;
  readonly workers?: number;
  readonly check?: (worker: number) => void;
}[] = [
  { name: 'one worker', main: 'daemon off;' },
  { name: 'two workers', main: 'daemon off; worker_processes 2;', workers: 2 },
  { name: 'a socket that cannot be sent', main: 'daemon off;', unix: true },
  {
    name: 'a limit of its own',
    main: 'daemon off; worker_rlimit_nofile 777;',
    check: (worker) => {
      expect(processFile(worker, 'limits')).toMatch(/Max open files +777 +777 /);
    },
  },
  {
    name: 'an environment of its own',
    main: 'daemon off; env POSTERN_TEST=yes;',
    check: (worker) => {
      expect(processFile(worker, 'environ').split('\0')).toContain('POSTERN_TEST=yes');
    },
  },
  { name: 'no master', main: 'master_process off; daemon off; # unlike', workers: 0 },
  { name: 'words that only look like it', main: 'master_process off; # daemon off', workers: 0 },
];

describe('a master in the foreground', () => {
  it('makes the process that it has started with itself its worker', async () => {
    const port = await freePort();
    const blocker = createServer().listen(port, '127.0.0.1');
    await once(blocker, 'listening');
    const proxy = new Proxy(imapConfiguration({ listen: [port], main: 'daemon off;' }));
    const ended = proxy.run();
    await proxy.logs('try again to bind()');
    const [early, ...others] = childrenOf(writerOf(proxy));
    expect(others).toEqual([]);
    blocker.close();
    await proxy.logs('start worker process ');
    expect(workerOf(proxy)).toBe(early);
    await expect.poll(() => greeting(port).catch(String), patience).toBe('* OK IMAP4 ready');
    proxy.noticeMaster();
    await proxy.end();
    expect((await ended).code).toBe(0);
  });

  it.each(cases)('has the workers it should with $name', async ({ main, unix, workers, check }) => {
    const port = await freePort();
    const target = unix === true ? 'unix:PREFIX/socket' : port;
    const proxy = new Proxy(imapConfiguration({ listen: [target], main }));
    const isForeground = main.includes('daemon off;');
    const ended = isForeground ? proxy.run() : proxy.start();
    const place = unix === true ? proxy.path('socket') : port;
    await expect.poll(() => greeting(place).catch(String), patience).toBe('* OK IMAP4 ready');
    const pid = proxy.noticeMaster();
    await expect.poll(() => childrenOf(pid), patience).toHaveLength(workers ?? 1);
    for (const worker of childrenOf(pid)) check?.(worker);
    await proxy.end();
    await ended;
  });

  it('ends with all it has started where its file is wrong', async () => {
    const proxy = new Proxy(imapConfiguration({ listen: [1], main: 'daemon off; nonsense;' }));
    // The end of standard error, which the other process has too, is waited for.
    const { code, err } = await proxy.run();
    expect(code).toBe(1);
    expect(err).toContain('unknown directive "nonsense"');
  });
});
