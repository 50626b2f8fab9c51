import { availableParallelism, cpus } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { mainConf } from '../../src/config/merge.js';
import { coreModule, eventsModule } from '../../src/process/core-module.js';
import { collectWarnings, load, type LoadExtras, refusalOf } from '../config/fake-modules.js';

const modules = [coreModule, eventsModule];

async function main(text: string, extras: LoadExtras = {}): Promise<object> {
  const { root } = await load(`${text}\nevents {}`, { modules, ...extras });
  return mainConf(root, coreModule);
}

async function events(text: string, extras: LoadExtras = {}): Promise<object> {
  const { root } = await load(`events { ${text} }`, { modules, ...extras });
  return mainConf(root, eventsModule);
}

afterEach(() => {
  vi.restoreAllMocks();
});

function runAs(uid: number): void {
  vi.spyOn(process, 'geteuid').mockReturnValue(uid);
}

const native = process.platform === 'linux' ? 'epoll' : 'kqueue';

describe('the main context', () => {
  it('has defaults of nginx', async () => {
    expect(await main('')).toMatchObject({
      user: undefined,
      workerProcesses: 1,
      shutdownTimeoutMs: 0,
      priority: 0,
      pid: undefined,
      daemon: true,
      masterProcess: true,
      env: [],
      workingDirectory: undefined,
      debugPoints: undefined,
      timerResolutionMs: 0,
      threadPools: [],
    });
  });

  const cases = [
    { text: 'worker_processes 4;', conf: { workerProcesses: 4 } },
    { text: 'worker_processes 0;', conf: { workerProcesses: 0 } },
    { text: 'worker_processes auto;', conf: { workerProcesses: availableParallelism() } },
    { text: 'worker_rlimit_nofile 1;', conf: { rlimitNofile: 1 } },
    { text: 'worker_rlimit_core 1g;', conf: { rlimitCore: 1073741824 } },
    { text: 'worker_shutdown_timeout 10s;', conf: { shutdownTimeoutMs: 10_000 } },
    { text: 'worker_priority -5;', conf: { priority: -5 } },
    { text: 'worker_priority +5;', conf: { priority: 5 } },
    { text: 'worker_priority -0;', conf: { priority: 0 } },
    { text: 'worker_priority -9999999999;', conf: { priority: -9_999_999_999 } },
    { text: 'worker_priority 9223372036854775807;', conf: { priority: Number.MAX_SAFE_INTEGER } },
    { text: 'worker_priority 0; worker_priority 5;', conf: { priority: 5 } },
    {
      text: 'worker_cpu_affinity 01 "1 0" 0;',
      conf: { cpuAffinity: { isAuto: false, masks: [[0], [1], []] } },
    },
    {
      text: 'worker_cpu_affinity auto 101;',
      conf: { cpuAffinity: { isAuto: true, masks: [[0, 2]] } },
    },
    {
      text: 'worker_cpu_affinity auto;',
      conf: { cpuAffinity: { isAuto: true, masks: [cpus().map((_, cpu) => cpu)] } },
    },
    { text: 'pid run/x.pid;', conf: { pid: '/var/postern/run/x.pid' } },
    { text: 'pid "";', conf: { pid: undefined } },
    { text: 'lock_file "";', conf: { lockFile: undefined } },
    { text: 'lock_file /x;', conf: { lockFile: '/x' } },
    { text: 'daemon off;', conf: { daemon: false } },
    { text: '', conf: { termSignal: 'fast' } },
    { text: 'term_signal quit;', conf: { termSignal: 'quit' } },
    { text: 'master_process off;', conf: { masterProcess: false } },
    {
      text: 'env A; env B=; env C=d=e;',
      conf: {
        env: [
          { name: 'A', value: undefined },
          { name: 'B', value: '' },
          { name: 'C', value: 'd=e' },
        ],
      },
    },
    { text: 'working_directory x;', conf: { workingDirectory: 'x' } },
    { text: 'debug_points ABORT;', conf: { debugPoints: 'abort' } },
    { text: 'timer_resolution 100ms;', conf: { timerResolutionMs: 100 } },
    {
      text: 'thread_pool a threads=2; thread_pool b max_queue=0 threads=1;',
      conf: {
        threadPools: [
          { name: 'a', threads: 2, maxQueue: 65_536 },
          { name: 'b', threads: 1, maxQueue: 0 },
        ],
      },
    },
    { text: 'pcre_jit on;', conf: { pcreJit: true } },
  ];
  it.each(cases)('reads $text', async ({ text, conf }) => {
    expect(await main(text)).toMatchObject(conf);
  });

  const refused = [
    { text: 'worker_processes Auto;', message: '"worker_processes" directive invalid value' },
    { text: 'worker_processes -1;', message: '"worker_processes" directive invalid value' },
    {
      text: 'worker_processes 1; worker_processes 1;',
      message: '"worker_processes" directive is duplicate',
    },
    {
      text: 'worker_rlimit_nofile 1k;',
      message: '"worker_rlimit_nofile" directive invalid number',
    },
    { text: 'worker_rlimit_core x;', message: '"worker_rlimit_core" directive invalid value' },
    { text: 'worker_priority x;', message: '"worker_priority" directive invalid number' },
    {
      text: 'worker_priority 9223372036854775808;',
      message: '"worker_priority" directive invalid number',
    },
    { text: 'worker_priority --1;', message: '"worker_priority" directive invalid number' },
    {
      text: 'worker_priority;',
      message: 'invalid number of arguments in "worker_priority" directive',
    },
    {
      text: 'worker_priority 1; worker_priority 0;',
      message: '"worker_priority" directive is duplicate',
    },
    {
      text: 'worker_cpu_affinity 01 3012;',
      message: 'invalid character "2" in "worker_cpu_affinity"',
    },
    {
      text: 'worker_cpu_affinity auto x;',
      message: 'invalid character "x" in "worker_cpu_affinity"',
    },
    {
      text: 'worker_cpu_affinity auto 1 1;',
      message: 'invalid number of arguments in "worker_cpu_affinity" directive',
    },
    {
      text: 'worker_cpu_affinity;',
      message: 'invalid number of arguments in "worker_cpu_affinity" directive',
    },
    {
      text: 'worker_cpu_affinity 1; worker_cpu_affinity 1;',
      message: '"worker_cpu_affinity" directive is duplicate',
    },
    { text: 'debug_points x;', message: 'invalid value "x"' },
    {
      text: 'daemon maybe;',
      message: 'invalid value "maybe" in "daemon" directive, it must be "on" or "off"',
    },
    { text: 'pid a; pid b;', message: '"pid" directive is duplicate' },
    { text: 'thread_pool a threads=0;', message: 'invalid threads value "threads=0"' },
    {
      text: 'thread_pool a threads=1 max_queue=x;',
      message: 'invalid max_queue value "max_queue=x"',
    },
    { text: 'thread_pool a max_queue=1;', message: '"thread_pool" must have "threads" parameter' },
    {
      text: 'thread_pool a threads=1; thread_pool a threads=1;',
      message: 'duplicate thread pool "a"',
    },
    { text: 'worker_threads 1;', message: 'unknown directive "worker_threads"' },
    { text: 'user a b c;', message: 'invalid number of arguments in "user" directive' },
  ];
  it.each(refused)('refuses $text', async ({ text, message }) => {
    expect(await refusalOf(main(text))).toBe(`${message} in test.conf:1`);
  });

  it('accepts in silence what changes nothing', async () => {
    const { warnings, warn } = collectWarnings();
    await main('lock_file x; timer_resolution 1s; pcre_jit on; worker_rlimit_core 1;', { warn });
    await events('multi_accept on; accept_mutex on; epoll_events 1; worker_aio_requests 1;', {
      warn,
    });
    expect(warnings).toEqual([]);
  });
});

describe('user', () => {
  it('without privileges is ignored with a warning', async () => {
    runAs(1000);
    const { warnings, warn } = collectWarnings();
    expect(await main('user nosuchuser;', { warn })).toMatchObject({ user: undefined });
    expect(warnings).toEqual([
      'the "user" directive makes sense only if the master process runs with super-user privileges, ignored :1',
    ]);
  });

  it('with privileges names an account of the system', async () => {
    runAs(0);
    expect(await main('user root;')).toMatchObject({
      user: { user: 'root', group: 'root', uid: 0, gid: 0 },
    });
  });

  const cases = [
    { text: 'user no-such-user;', message: 'getpwnam("no-such-user") failed' },
    { text: 'user root no-such-group;', message: 'getgrnam("no-such-group") failed' },
    { text: 'user "";', message: 'getpwnam("") failed' },
    { text: 'user root root; user root;', message: '"user" directive is duplicate' },
  ];
  it.each(cases)('with privileges refuses $text', async ({ text, message }) => {
    runAs(0);
    expect(await refusalOf(main(text))).toBe(`${message} in test.conf:1`);
  });
});

describe('the events context', () => {
  const cases = [
    { text: '', conf: { workerConnections: 512, multiAccept: false, acceptMutexDelayMs: 500 } },
    { text: 'worker_connections 1024;', conf: { workerConnections: 1024 } },
    { text: `use ${native};`, conf: { use: native } },
    {
      text: 'debug_connection 127.0.0.1; debug_connection ::/0;',
      conf: { debugConnection: ['127.0.0.1', '::/0'] },
    },
    { text: 'accept_mutex_delay 1s;', conf: { acceptMutexDelayMs: 1000 } },
  ];
  it.each(cases)('reads "$text"', async ({ text, conf }) => {
    expect(await events(text)).toMatchObject(conf);
  });

  const refused = [
    { text: 'worker_connections x;', message: 'invalid number "x"' },
    {
      text: 'worker_connections 1; worker_connections x;',
      message: '"worker_connections" directive is duplicate',
    },
    { text: 'use x;', message: 'invalid event type "x"' },
    { text: `use ${native}; use ${native};`, message: '"use" directive is duplicate' },
    { text: 'daemon on;', message: '"daemon" directive is not allowed here' },
  ];
  it.each(refused)('refuses "$text"', async ({ text, message }) => {
    expect(await refusalOf(events(text))).toBe(`${message} in test.conf:1`);
  });

  it('may stand once', async () => {
    expect(await refusalOf(load('events {}\nevents {}', { modules }))).toBe(
      '"events" directive is duplicate in test.conf:2',
    );
  });

  it('warns of debug_connection in the words of nginx', async () => {
    const { warnings, warn } = collectWarnings();
    await events('debug_connection 127.0.0.1;', { warn });
    expect(warnings).toEqual([
      '"debug_connection" is ignored, you need to rebuild nginx using --with-debug option to enable it :1',
    ]);
  });
});
