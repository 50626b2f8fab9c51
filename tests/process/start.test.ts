/** Starting and ending: the daemon, its workers, and what they leave behind. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connectClient } from '@postern/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../free-port.js';
import { imapConfiguration } from './configuration.js';
import { greeting } from './greeting.js';
import { closeProxies, eventually, isAlive, Proxy, titleOf } from './proxy.js';

afterEach(async () => {
  vi.unstubAllEnvs();
  await closeProxies();
});

/** A module that makes garbage, and says how many MiB the young generation takes then. */
const garbage = `
import { getHeapSpaceStatistics } from 'node:v8';
export const garbage = {
  name: 'garbage', api: 1, requires: [], before: [], directives: {},
  setup() {
    let held = [];
    for (let at = 0; at < 2e6; at += 1) {
      held.push({ at, list: [at] });
      if (held.length > 20_000) held = [];
    }
    const { space_size: size } = getHeapSpaceStatistics().find((one) => one.space_name === 'new_space');
    process.stderr.write('young: ' + Math.round(size / 2 ** 20) + ' MiB');
  },
};
`;

/** A module with a directive whose words are checked by a schema that no other one has. */
const even = `
export const even = {
  name: 'even', api: 1, requires: [], before: [],
  directives: {
    even: {
      kind: 'slot', slot: 'even', levels: ['main'], default: '', about: 'Is even.',
      codec: {
        schema: { type: 'array', minItems: 1, maxItems: 1, items: { pattern: '[02468]$' } },
        syntax: 'number', repeat: 'refuse', refusal: (_, [word]) => word + ' is odd', parse: ([word]) => word,
      },
    },
  },
};
`;

describe('a start', () => {
  it('returns once the daemon serves, and logs what nginx logs', async () => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port], main: 'worker_processes 2;' }));
    await proxy.start();
    expect(await greeting(port)).toBe('* OK IMAP4 ready');
    const { pid, workers } = proxy;
    expect(workers).toHaveLength(2);
    expect(titleOf(pid)).toMatch(/^nginx: master process .*postern\.mjs -p .* -c nginx\.conf$/);
    expect(workers.map(titleOf)).toEqual(['nginx: worker process', 'nginx: worker process']);
    expect(proxy.lines.slice(0, 8)).toEqual([
      '[notice] using the "epoll" event method',
      expect.stringMatching(/^\[notice\] nginx\/1\.31\.5 /),
      expect.stringMatching(/^\[notice\] built by Node\.js v/),
      expect.stringMatching(/^\[notice\] OS: Linux \d/),
      expect.stringMatching(/^\[notice\] getrlimit\(RLIMIT_NOFILE\): \d+:\d+$/),
      '[notice] start worker processes',
      `[notice] start worker process ${String(workers[0])}`,
      `[notice] start worker process ${String(workers[1])}`,
    ]);
  });

  it('with "daemon off" stays where it is', async () => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port], main: 'daemon off;' }));
    const ended = proxy.run();
    await proxy.logs('start worker process ');
    expect(titleOf(proxy.noticeMaster())).toContain('nginx: master process');
    await proxy.end('SIGQUIT');
    expect(await ended).toEqual({ code: 0, err: '' });
  });

  it('runs with a small young generation', async () => {
    const proxy = new Proxy('');
    writeFileSync(proxy.path('garbage.mjs'), garbage);
    const listen = [await freePort()];
    proxy.configure(imapConfiguration({ listen, main: 'load_module garbage.mjs;' }));
    const { code, err } = await proxy.run('-t');
    expect(code).toBe(0);
    // Two halves of 4 MiB; Node's own limit is two of 16.
    expect(Number(/young: (\d+) MiB/.exec(err)?.[1])).toBeLessThan(12);
  });

  it('loads Ajv for no directive of ours, and for what only a stranger checks', async () => {
    vi.stubEnv('NODE_DEBUG', 'module');
    const listen = [await freePort()];
    const ours = await new Proxy(imapConfiguration({ listen, mail: 'timeout 1m;' })).run('-t');
    expect(ours).toEqual({ code: 0, err: expect.stringMatching(/\/tapable\//) as unknown });
    expect(ours.err).not.toContain('/ajv/');
    const proxy = new Proxy('');
    writeFileSync(proxy.path('even.mjs'), even);
    proxy.configure(imapConfiguration({ listen, main: 'load_module even.mjs; even 22;' }));
    expect((await proxy.run('-t')).err).toContain('/ajv/');
    vi.unstubAllEnvs();
    proxy.configure(imapConfiguration({ listen, main: 'load_module even.mjs; even 23;' }));
    expect((await proxy.run('-t')).err).toMatch(/\[emerg\] 23 is odd in .*nginx\.conf:5\n/);
  });

  it('with "master_process off" is one process, also in the background', async () => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port], main: 'master_process off;' }));
    await proxy.start();
    expect(await greeting(port)).toBe('* OK IMAP4 ready');
    expect(proxy.workers).toEqual([]);
    await proxy.end();
    expect(existsSync(proxy.path('logs/nginx.pid'))).toBe(false);
  });

  it('M10: fails with the sentence of nginx where a port is taken, and leaves nothing behind', async () => {
    const port = await freePort();
    const first = new Proxy(imapConfiguration({ listen: [port] }));
    await first.start();
    const second = new Proxy(imapConfiguration({ listen: [port] }));
    const { code, err } = await second.run();
    const busy = `nginx: [emerg] bind() to 127.0.0.1:${String(port)} failed (98: Address already in use)\n`;
    expect(code).toBe(1);
    expect(err).toBe(`${busy.repeat(5)}nginx: [emerg] still could not bind()\n`);
    expect(second.count('try again to bind() after 500ms')).toBe(5);
    expect(existsSync(second.path('logs/nginx.pid'))).toBe(false);
  });

  it('M10: tries all ports that are taken in each of five rounds', async () => {
    const [busy, free] = [await freePort(), await freePort()];
    const other = await freePort();
    const first = new Proxy(imapConfiguration({ listen: [busy, other] }));
    await first.start();
    const second = new Proxy(imapConfiguration({ listen: [busy, free, other] }));
    const { code, err } = await second.run();
    const taken = (port: number): string =>
      `nginx: [emerg] bind() to 127.0.0.1:${String(port)} failed (98: Address already in use)\n`;
    expect(code).toBe(1);
    expect(err).toBe(
      `${(taken(busy) + taken(other)).repeat(5)}nginx: [emerg] still could not bind()\n`,
    );
    expect(second.count('try again to bind() after 500ms')).toBe(5);
  });

  it('says once that the early log cannot be opened, though two processes try', async () => {
    const proxy = new Proxy(imapConfiguration({ listen: [await freePort()] }));
    const { code, err } = await proxy.run('-e', 'no/such.log');
    proxy.noticeMaster();
    expect(code).toBe(0);
    const path = proxy.path('no/such.log');
    const reason = `open() "${path}" failed (2: No such file or directory)`;
    expect(err).toBe(`nginx: [alert] could not open error log file: ${reason}\n`);
  });

  it('says why the pid file cannot be made, and no more', async () => {
    const main = 'pid no/such.pid;';
    const proxy = new Proxy(imapConfiguration({ listen: [await freePort()], main }));
    const reason = `open() "${proxy.path('no/such.pid')}" failed (2: No such file or directory)`;
    expect(await proxy.run()).toEqual({ code: 1, err: `nginx: [emerg] ${reason}\n` });
  });

  it('fails where a worker cannot do its work', async () => {
    const port = await freePort();
    const main = 'working_directory /no/such/place;';
    const proxy = new Proxy(imapConfiguration({ listen: [port], main }));
    const reason = 'chdir("/no/such/place") failed (2: No such file or directory)';
    expect(await proxy.run()).toEqual({ code: 1, err: `nginx: [emerg] ${reason}\n` });
    expect(proxy.log).toMatch(/worker process \d+ exited with code 2/);
    expect(existsSync(proxy.path('logs/nginx.pid'))).toBe(false);
  });

  it('fails for a file that cannot be read, with one line', async () => {
    const proxy = new Proxy('events {} nonsense;');
    expect(await proxy.run()).toEqual({
      code: 1,
      err: 'nginx: [emerg] unknown directive "nonsense" in ' + `${proxy.directory}/nginx.conf:1\n`,
    });
  });

  it('warns once, though two processes read the file', async () => {
    const port = await freePort();
    const events = 'debug_connection 127.0.0.1;';
    const proxy = new Proxy(imapConfiguration({ listen: [port], events }));
    const { code, err } = await proxy.run();
    proxy.noticeMaster();
    expect(code).toBe(0);
    expect(err.split('"debug_connection" is ignored')).toHaveLength(2);
  });
});

describe('workers', () => {
  it('have the directory, the priority and the environment of the configuration', async () => {
    const port = await freePort();
    const main = 'working_directory /tmp; worker_priority 5; env GIVEN=yes; env KEPT; env ABSENT;';
    const proxy = new Proxy(imapConfiguration({ listen: [port], main }));
    process.env['KEPT'] = 'kept';
    process.env['DROPPED'] = 'dropped';
    try {
      await proxy.start();
    } finally {
      delete process.env['KEPT'];
      delete process.env['DROPPED'];
    }
    const [worker] = proxy.workers;
    const { readFileSync, readlinkSync } = await import('node:fs');
    const of = (name: string): string => `/proc/${String(worker)}/${name}`;
    expect(readlinkSync(of('cwd'))).toBe('/tmp');
    expect(readFileSync(of('stat'), 'latin1').split(') ')[1]?.split(' ')[16]).toBe('5');
    const environment = readFileSync(of('environ'), 'latin1').split('\0');
    expect(environment).toContain('GIVEN=yes');
    expect(environment).toContain('KEPT=kept');
    const names = environment.map((entry) => entry.split('=')[0]);
    for (const name of ['DROPPED', 'ABSENT', 'PATH', 'HOME']) expect(names).not.toContain(name);
  });

  it('have the limit of open files that is asked for', async () => {
    const port = await freePort();
    const main = 'worker_rlimit_nofile 333;';
    const proxy = new Proxy(
      imapConfiguration({ listen: [port], main, events: 'worker_connections 334;' }),
    );
    // Not warned of, as in nginx, where the master may open that many.
    await proxy.start();
    const limits = readFileSync(`/proc/${String(proxy.workers[0])}/limits`, 'latin1');
    expect(limits).toMatch(/^Max open files +333 +333 /m);
  });

  it('have the limit of core files that is asked for, in whole blocks', async () => {
    const main = 'worker_rlimit_core 10300;';
    const proxy = new Proxy(imapConfiguration({ listen: [await freePort()], main }));
    await proxy.start();
    const limits = readFileSync(`/proc/${String(proxy.workers[0])}/limits`, 'latin1');
    expect(limits).toMatch(/^Max core file size +10240 +10240 /m);
    expect(proxy.log).not.toContain('[alert]');
  });
});

describe('the end', () => {
  const ends = [
    { signal: 'SIGTERM', said: 'signal 15 (SIGTERM) received, exiting' },
    { signal: 'SIGINT', said: 'signal 2 (SIGINT) received, exiting' },
    { signal: 'SIGQUIT', said: 'signal 3 (SIGQUIT) received, shutting down' },
  ] as const;
  it.each(ends)('by $signal leaves no process, no pid file and no socket', async (end) => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port, 'unix:PREFIX/socket'] }));
    const path = proxy.path('socket');
    await proxy.start();
    expect(await greeting(path)).toBe('* OK IMAP4 ready');
    expect(statSync(path).mode & 0o777).toBe(0o666);
    const family = [proxy.pid, ...proxy.workers];
    await proxy.end(end.signal);
    expect(family.some(isAlive)).toBe(false);
    expect(proxy.lines).toContain(`[notice] ${end.said}`);
    expect(proxy.lines.at(-2)).toBe('[notice] exit');
    expect(proxy.log).toMatch(/worker process \d+ exited with code 0/);
    expect(existsSync(proxy.path('logs/nginx.pid'))).toBe(false);
    expect(existsSync(path)).toBe(false);
    await expect(connectClient(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('by QUIT waits for sessions, which go on; TERM then does not', async () => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port] }));
    await proxy.start();
    const client = await connectClient(port);
    await client.line();
    const { pid } = proxy;
    const [worker = 0] = proxy.workers;
    proxy.signal('SIGQUIT');
    await eventually('title', () => titleOf(worker) === 'nginx: worker process is shutting down');
    await expect(connectClient(port)).rejects.toThrow('ECONNREFUSED');
    await client.sendLine('a NOOP');
    await client.expect('a OK completed');
    expect(isAlive(pid)).toBe(true);
    proxy.signal('SIGTERM', pid);
    expect(await client.readToEnd()).toBe('');
    await eventually('end', () => !isAlive(pid));
  });

  it('by TERM waits for sessions where "term_signal quit" says so', async () => {
    const port = await freePort();
    const proxy = new Proxy(imapConfiguration({ listen: [port], main: 'term_signal quit;' }));
    await proxy.start();
    const { pid } = proxy;
    const client = await connectClient(port);
    await client.line();
    proxy.signal('SIGTERM');
    await proxy.logs('gracefully shutting down');
    await client.sendLine('a LOGOUT');
    await client.readToEnd();
    await eventually('end', () => !isAlive(pid));
  });
});

describe('-s', () => {
  const signals = [
    { word: 'stop', said: 'signal 15 (SIGTERM) received, exiting' },
    { word: 'quit', said: 'signal 3 (SIGQUIT) received, shutting down' },
    { word: 'reopen', said: 'signal 10 (SIGUSR1) received, reopening logs' },
    { word: 'reload', said: 'signal 1 (SIGHUP) received, reconfiguring' },
  ];
  it.each(signals)('$word reaches the master through the pid file', async ({ word, said }) => {
    const proxy = new Proxy(imapConfiguration({ listen: [await freePort()] }));
    await proxy.start();
    expect(await proxy.run('-s', word)).toEqual({ code: 0, err: '' });
    await proxy.logs(said);
    expect(proxy.count('signal process started')).toBe(1);
  });

  const broken = [
    { name: 'cannot be read', text: 'events {' },
    {
      name: 'names a certificate that cannot be loaded',
      text: 'events {} mail { auth_http 127.0.0.1:9; ssl_certificate no.pem; ssl_certificate_key no.pem; server { listen 127.0.0.1 ssl; protocol imap; } }',
    },
    {
      name: 'has more sockets than connections',
      text: 'events { worker_connections 1; } mail { auth_http 127.0.0.1:9; server { listen 127.0.0.1; protocol imap; } }',
    },
  ];
  it.each(broken)('fails for a configuration that $name, and sends nothing', async ({ text }) => {
    const proxy = new Proxy(imapConfiguration({ listen: [await freePort()] }));
    await proxy.start();
    writeFileSync(proxy.path('nginx.conf'), text);
    const { code, err } = await proxy.run('-s', 'stop');
    expect(code).toBe(1);
    expect(err).toContain('nginx: [emerg] ');
    expect(proxy.count('signal process started')).toBe(0);
    expect(isAlive(proxy.pid)).toBe(true);
  });
});
