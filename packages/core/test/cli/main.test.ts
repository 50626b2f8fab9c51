import { EventEmitter } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandIo } from '../../src/cli/command-io.js';
import { main } from '../../src/cli/main.js';
import type { AnyModule } from '../../src/module/module.js';
import { toy } from '../mail/toy-protocol.js';
import { usageText, versionText } from '../../src/cli/usage.js';

let prefix = '';

beforeEach(() => {
  prefix = mkdtempSync(join(tmpdir(), 'main-'));
  mkdirSync(join(prefix, 'conf'));
  mkdirSync(join(prefix, 'logs'));
});

afterEach(() => {
  rmSync(prefix, { recursive: true });
});

const at = (name: string) => join(prefix, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
const conf = () => at('conf/nginx.conf');

/** The lines of a test that fails behind "syntax is ok". */
const goodSyntaxBut = (error: string): readonly string[] => [
  `nginx: the configuration file ${conf()} syntax is ok`,
  `nginx: [emerg] ${error.replace('PREFIX', prefix)}`,
  `nginx: configuration file ${conf()} test failed`,
  '',
];
const configure = (text: string) => {
  writeFileSync(conf(), text);
};

interface Printed {
  code: number;
  err: string;
  out: string;
}

/** Runs the command with `-p` of this test before `words`. */
async function run(
  words: readonly string[],
  signals = new EventEmitter(),
  standard: readonly AnyModule[] = [],
): Promise<Printed> {
  const printed = { code: -1, err: '', out: '' };
  const io: CommandIo = {
    err: (text) => {
      printed.err += text;
      return true;
    },
    out: (bytes) => {
      printed.out += Buffer.from(bytes).toString();
      return Promise.resolve();
    },
  };
  printed.code = await main(words, { io, signals, standard });
  return printed;
}

const runHere = (...words: string[]) => run(['-p', prefix, ...words]);

describe('the command without configuration', () => {
  it.each([
    { name: '-v', words: ['-v'], err: versionText() },
    { name: '-h', words: ['-h'], err: usageText() },
    { name: '-?', words: ['-?'], err: usageText() },
  ])('$name prints on standard error and succeeds', async ({ words, err }) => {
    expect(await run(words)).toEqual({ code: 0, err, out: '' });
  });

  it('-V prints the build and the modules', async () => {
    const { code, err } = await run(['-V']);
    expect(code).toBe(0);
    expect(err).toContain('configure arguments: ');
    expect(err).toContain('module: mail_proxy (@postern/core ');
  });

  it('a wrong option fails with the words of nginx', async () => {
    expect(await run(['-x'])).toEqual({ code: 1, err: 'nginx: invalid option: "x"\n', out: '' });
  });

  it('a missing file fails', async () => {
    expect(await runHere()).toEqual({
      code: 1,
      err: `nginx: [emerg] open() "${conf()}" failed (2: No such file or directory)\n`,
      out: '',
    });
    expect(read('logs/error.log')).toContain(`open() "${conf()}" failed`);
  });
});

describe('-s', () => {
  const failures = [
    {
      name: 'no pid file',
      pid: undefined,
      err: '[error] open() "PID" failed (2: No such file or directory)',
    },
    { name: 'an empty pid file', pid: '', err: '[error] invalid PID number "" in "PID"' },
    {
      name: 'a pid file of somebody else',
      pid: 'x1\n',
      err: '[error] invalid PID number "x1" in "PID"',
    },
    { name: 'the number 0', pid: '0\n', err: '[error] invalid PID number "0" in "PID"' },
    {
      name: 'a process that is gone',
      pid: '4194305\n',
      err: '[alert] kill(4194305, 1) failed (3: No such process)',
    },
  ];
  it.each(failures)('fails for $name', async ({ pid, err }) => {
    configure('events {}');
    if (pid !== undefined) writeFileSync(at('logs/nginx.pid'), pid);
    expect(await runHere('-s', 'reload')).toEqual({
      code: 1,
      err: `nginx: ${err.replace('PID"', `${at('logs/nginx.pid')}"`)}\n`,
      out: '',
    });
    expect(read('logs/error.log')).toContain('signal process started\n');
  });

  it('fails for a configuration that cannot be read, before it looks for a process', async () => {
    configure('events {');
    const { code, err } = await runHere('-s', 'stop');
    expect(code).toBe(1);
    expect(err).toContain('[emerg] unexpected end of file');
    expect(read('logs/error.log')).not.toContain('signal process started');
  });
});

describe('-t', () => {
  it('says that a good configuration is good, and makes the pid file and the log', async () => {
    configure('events {}\n');
    expect(await runHere('-t')).toEqual({
      code: 0,
      err: `nginx: the configuration file ${conf()} syntax is ok\nnginx: configuration file ${conf()} test is successful\n`,
      out: '',
    });
    expect(read('logs/nginx.pid')).toBe('');
    expect(existsSync(at('logs/error.log'))).toBe(true);
  });

  it('-q says nothing about a good configuration', async () => {
    configure('events {}\n');
    expect(await runHere('-tq')).toEqual({ code: 0, err: '', out: '' });
  });

  it('-v prints the version first', async () => {
    configure('events {}\n');
    expect((await runHere('-vtq')).err).toBe(versionText());
  });

  it('prints the error of nginx, then the help, and logs the error', async () => {
    configure('events {}\nevnts {}\n');
    const { code, err } = await runHere('-t');
    expect(code).toBe(1);
    expect(err.split('\n')).toEqual([
      `nginx: [emerg] unknown directive "evnts" in ${conf()}:2`,
      'nginx: help: did you mean "events"?',
      `nginx: configuration file ${conf()} test failed`,
      '',
    ]);
    expect(read('logs/error.log')).toMatch(/^[^\n]*\[emerg\] \d+#0: unknown directive[^\n]*:2\n$/);
  });

  it.each([
    {
      name: 'no events',
      text: 'worker_processes 1;',
      error: 'no "events" section in configuration',
    },
    {
      name: 'a log that cannot be opened',
      text: 'events {} error_log no/such.log;',
      error: 'open() "PREFIX/no/such.log" failed (2: No such file or directory)',
    },
    {
      name: 'a pid file that cannot be made',
      text: 'events {} pid no/such.pid;',
      error: 'open() "PREFIX/no/such.pid" failed (2: No such file or directory)',
    },
  ])('fails after "syntax is ok" for $name', async ({ text, error }) => {
    configure(text);
    const { code, err } = await runHere('-t');
    expect(code).toBe(1);
    expect(err.split('\n')).toEqual(goodSyntaxBut(error));
  });

  const server = 'mail { auth_http 127.0.0.1:9; server { listen 127.0.0.1:9143; protocol toy; } }';
  it.each([
    {
      name: 'the log of a server',
      text: `events {} ${server.replace('listen', 'error_log no/such.log; listen')}`,
      error: 'open() "PREFIX/no/such.log" failed (2: No such file or directory)',
      hasPid: true,
    },
    {
      name: 'too few connections',
      text: `events { worker_connections 1; } ${server}`,
      error: '1 worker_connections are not enough for 1 listening sockets',
      hasPid: false,
    },
  ])('fails after "syntax is ok" for $name', async ({ text, error, hasPid }) => {
    configure(text);
    const { code, err } = await run(['-p', prefix, '-t'], undefined, [toy]);
    expect(code).toBe(1);
    expect(err.split('\n')).toEqual(goodSyntaxBut(error));
    expect(existsSync(at('logs/nginx.pid'))).toBe(hasPid);
  });

  it('warns of more connections than open files that neither the process nor a worker may have', async () => {
    configure('worker_rlimit_nofile 5; events { worker_connections 1000000000; }');
    expect((await runHere('-tq')).err).toBe(
      'nginx: [warn] 1000000000 worker_connections exceed open file resource limit: 5\n',
    );
    configure('worker_rlimit_nofile 5; events { worker_connections 6; }');
    expect((await runHere('-tq')).err).toBe('');
  });

  it('fails before "syntax is ok" for a server that cannot be', async () => {
    configure('events {}\nmail {\nserver {\n}\n}\n');
    expect((await runHere('-t')).err.split('\n')).toEqual([
      `nginx: [emerg] no "listen" is defined for server in ${conf()}:3`,
      `nginx: configuration file ${conf()} test failed`,
      '',
    ]);
  });

  it('reports an error of -g as one of the command line', async () => {
    configure('events {}\n');
    const { err } = await runHere('-t', '-g', 'foo bar;');
    expect(err).toContain('nginx: [emerg] unknown directive "foo" in command line\n');
  });

  it('-e stderr has the full line and no copy', async () => {
    configure('foo;');
    const { err } = await runHere('-e', 'stderr');
    expect(err).toMatch(/^\d{4}\/[^\n]* \[emerg\] \d+#0: unknown directive "foo" in [^\n]*:1\n/);
    expect(err).not.toContain('nginx: [emerg]');
  });

  it('N5: -T dumps every file once on standard output and nowhere else, also with -q', async () => {
    writeFileSync(at('conf/more.conf'), 'worker_processes 1;\n');
    configure('include more.conf;\nevents {}\n');
    const { code, out, err } = await runHere('-Tq');
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(out).toBe(
      `# configuration file ${conf()}:\ninclude more.conf;\nevents {}\n\n# configuration file ${at('conf/more.conf')}:\nworker_processes 1;\n\n`,
    );
  });
});

/** Waits until `name` holds `text`; the event loop turns meanwhile. */
async function written(name: string, text: string): Promise<void> {
  while (!existsSync(at(name)) || !read(name).includes(text)) {
    await new Promise(setImmediate);
  }
}

/** One process in the foreground: the one of the test. */
const alone = 'daemon off; master_process off;';

describe('service', () => {
  it('writes the pid file, reopens logs, and ends with exit code 0', async () => {
    configure(`${alone} events {} error_log logs/error.log notice;`);
    const signals = new EventEmitter();
    const finished = run(['-p', prefix], signals);
    await written('logs/error.log', 'OS: ');
    expect(read('logs/nginx.pid')).toBe(`${String(process.pid)}\n`);
    renameSync(at('logs/error.log'), at('logs/old.log'));
    signals.emit('SIGUSR1');
    signals.emit('SIGHUP');
    await written('logs/error.log', 'ignoring');
    signals.emit('SIGTERM');
    expect(await finished).toEqual({ code: 0, err: '', out: '' });
    expect(read('logs/error.log')).toMatch(/exiting\n[^\n]* exit\n$/);
    expect(existsSync(at('logs/nginx.pid'))).toBe(false);
    expect(signals.eventNames()).toEqual([]);
  });

  it('ends when the signal came during the start', async () => {
    configure(`${alone} events {}`);
    const signals = new EventEmitter();
    const finished = run(['-p', prefix], signals);
    signals.emit('SIGQUIT');
    expect((await finished).code).toBe(0);
    expect(existsSync(at('logs/nginx.pid'))).toBe(false);
  });

  it('does not start without its pid file', async () => {
    configure(`${alone} events {} pid no/such.pid;`);
    expect(await runHere()).toEqual({
      code: 1,
      err: `nginx: [emerg] open() "${at('no/such.pid')}" failed (2: No such file or directory)\n`,
      out: '',
    });
  });

  it('N4: holds USR1, which would open the inspector, before the configuration is read', async () => {
    configure('foo;');
    const signals = new EventEmitter();
    const finished = run(['-p', prefix], signals);
    expect(signals.listenerCount('SIGUSR1')).toBe(1);
    expect((await finished).code).toBe(1);
  });
});
