/** Which of several errors is told, and what is opened before it: the order of ngx_init_cycle and ngx_mail_block. */
import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.js';
import { toy } from '../mail/toy-protocol.js';

let prefix = '';

beforeEach(() => {
  prefix = mkdtempSync(join(tmpdir(), 'order-'));
  mkdirSync(join(prefix, 'conf'));
  mkdirSync(join(prefix, 'logs'));
});

afterEach(() => {
  rmSync(prefix, { recursive: true });
});

/** Runs the command; its exit code and the lines of standard error, without paths of this test. */
async function run(text: string, ...words: readonly string[]) {
  writeFileSync(join(prefix, 'conf/nginx.conf'), text);
  let printed = '';
  const io = {
    err: (more: string) => {
      printed += more;
      return true;
    },
    out: () => Promise.resolve(),
  };
  const signals = new EventEmitter();
  const code = await main(['-p', prefix, ...words], { io, signals, standard: [toy] });
  const lines = printed.replaceAll(`${prefix}/`, '').split('\n').slice(0, -1);
  return { code, lines: lines.filter((line) => !line.startsWith('nginx: help:')) };
}

const ok = 'nginx: the configuration file conf/nginx.conf syntax is ok';
const failed = 'nginx: configuration file conf/nginx.conf test failed';
const auth = 'auth_http 127.0.0.1:9;';
const one = 'listen 127.0.0.1:24100; protocol toy;';
const two = 'listen 127.0.0.1:24101; protocol toy;';

interface Case {
  readonly name: string;
  readonly text: string;
  readonly error: string;
}

describe('the first error in the order of the file', () => {
  const cases: readonly Case[] = [
    {
      name: 'an address taken twice in a server, before what follows',
      text: `events {}\nmail {\nserver {\n${one}\nlisten 127.0.0.1:24100 ssl;\nfoo;\n}\n}`,
      error: 'duplicate "127.0.0.1:24100" address and port pair in conf/nginx.conf:5',
    },
    {
      name: 'an address of an earlier server, before what that one lacks',
      text: `events {}\nmail {\nserver { ${one} }\nserver {\n${one}\n}\n}`,
      error: 'duplicate "127.0.0.1:24100" address and port pair in conf/nginx.conf:5',
    },
    {
      name: 'an address within a range of ports',
      text: `events {}\nmail {\nserver { ${one} }\nserver {\nlisten 127.0.0.1:24099-24101;\nfoo;\n}\n}`,
      error: 'duplicate "127.0.0.1:24100" address and port pair in conf/nginx.conf:5',
    },
    {
      name: 'an unknown protocol, before what follows in its server',
      text: `events {}\nmail {\nserver {\nlisten 127.0.0.1:24100;\nprotocol xx;\nfoo;\n}\n}`,
      error: 'unknown protocol "xx" in conf/nginx.conf:5',
    },
    {
      name: 'an unknown protocol that another one replaces',
      text: `events {}\nmail {\n${auth}\nserver {\nlisten 127.0.0.1:24100;\nprotocol xx;\nprotocol toy;\n}\n}`,
      error: 'unknown protocol "xx" in conf/nginx.conf:6',
    },
    {
      name: 'an empty protocol',
      text: `events {}\nmail {\n${auth}\nserver {\nlisten 127.0.0.1:7;\nprotocol "";\n}\n}`,
      error: 'unknown protocol "" in conf/nginx.conf:6',
    },
    {
      name: 'an unknown protocol, before an address taken later',
      text: `events {}\nmail {\nserver { ${one} }\nserver {\nprotocol xx;\n${one}\n}\n}`,
      error: 'unknown protocol "xx" in conf/nginx.conf:5',
    },
    {
      name: 'an unknown directive, before an unknown protocol that follows',
      text: `events {}\nmail {\nserver {\nfoo;\nprotocol xx;\n}\n}`,
      error: 'unknown directive "foo" in conf/nginx.conf:4',
    },
    {
      name: 'a server that cannot be, before what follows mail',
      text: `events {}\nmail {\nserver {\n${one}\n}\n}\nfoo;`,
      error: 'no "auth_http" is defined for server in conf/nginx.conf:3',
    },
    {
      name: 'a server that cannot be, before a missing events block',
      text: `mail {\n${auth}\nserver {\nlisten 127.0.0.1:24100;\n}\n}`,
      error: 'unknown mail protocol for server in conf/nginx.conf:3',
    },
    {
      name: 'a later server without a protocol, before an earlier one without auth_http',
      text: `events {}\nmail {\nserver {\n${one}\n}\nserver {\nlisten 127.0.0.1:24101;\n}\n}`,
      error: 'unknown mail protocol for server in conf/nginx.conf:6',
    },
    {
      name: 'a later server without a certificate, before an earlier one without auth_http',
      text: `events {}\nmail {\nserver {\n${one}\n}\nserver {\n${two}\nstarttls on;\n}\n}`,
      error: 'no "ssl_certificate" is defined for the "starttls" directive in conf/nginx.conf:8',
    },
  ];
  it.each(cases)('is $name', async ({ text, error }) => {
    const lines = [`nginx: [emerg] ${error}`, failed];
    expect(await run(text, '-t')).toEqual({ code: 1, lines });
    expect(readdirSync(join(prefix, 'logs'))).toEqual(['error.log']);
  });

  it.each(cases)('fails -s too: $name', async ({ text, error }) => {
    expect(await run(text, '-s', 'stop')).toEqual({ code: 1, lines: [`nginx: [emerg] ${error}`] });
  });
});

describe('after "syntax is ok" come', () => {
  const sound = `mail { ${auth} server { ${one} } }`;
  const missing = (path: string) => `open() "${path}" failed (2: No such file or directory)`;
  const cases: readonly (Case & { readonly opened: readonly string[] })[] = [
    {
      name: 'too few connections, before the pid file and the logs',
      text: `events { worker_connections 1; } pid no/x.pid; error_log no/x.log; ${sound}`,
      error: '1 worker_connections are not enough for 1 listening sockets',
      opened: [],
    },
    {
      name: 'the pid file, before the logs',
      text: `events {} pid no/x.pid; error_log no/x.log; ${sound}`,
      error: missing('no/x.pid'),
      opened: [],
    },
    {
      name: 'the log of the main level, before that of a server',
      text: `events {} error_log no/main.log; mail { ${auth} server { error_log no/x.log; ${one} } }`,
      error: missing('no/main.log'),
      opened: ['nginx.pid'],
    },
    {
      name: 'the log of a server',
      text: `events {} error_log logs/main.log; mail { ${auth} server { error_log no/x.log; ${one} } }`,
      error: missing('no/x.log'),
      opened: ['main.log', 'nginx.pid'],
    },
    {
      name: 'a log of mail that no server uses',
      text: `events {} mail { ${auth} error_log no/x.log; server { error_log logs/s.log; ${one} } }`,
      error: missing('no/x.log'),
      opened: ['nginx.pid'],
    },
  ];
  it.each(cases)('$name', async ({ text, error, opened }) => {
    const lines = [ok, `nginx: [emerg] ${error}`, failed];
    expect(await run(text, '-t')).toEqual({ code: 1, lines });
    const files = readdirSync(join(prefix, 'logs')).sort();
    expect(files).toEqual(['error.log', ...opened].sort());
  });

  it('nothing for a log that no server uses but its opening', async () => {
    const { code } = await run(
      `events {} mail { ${auth} error_log logs/m.log; server { error_log logs/s.log; ${one} } }`,
      '-t',
    );
    expect(code).toBe(0);
    expect(existsSync(join(prefix, 'logs/m.log'))).toBe(true);
  });
});

describe('-s', () => {
  it('opens neither logs nor pid file nor sockets of the configuration', async () => {
    const socket = join(prefix, 'socket');
    const text = `events {} error_log logs/x.log; mail { ${auth} server { listen unix:${socket}; protocol toy; } }`;
    const { code, lines } = await run(text, '-s', 'stop');
    expect(code).toBe(1);
    expect(lines).toEqual([
      'nginx: [error] open() "logs/nginx.pid" failed (2: No such file or directory)',
    ]);
    expect(readdirSync(join(prefix, 'logs'))).toEqual(['error.log']);
    expect(existsSync(socket)).toBe(false);
  });

  it.each([
    {
      name: 'an events block is missing',
      text: 'pid logs/x.pid;',
      error: 'no "events" section in configuration',
    },
    {
      name: 'there are too few connections',
      text: `events { worker_connections 1; } mail { ${auth} server { ${one} } }`,
      error: '1 worker_connections are not enough for 1 listening sockets',
    },
    {
      name: 'a certificate cannot be loaded',
      text: `events {} mail { ${auth} server { ${one} starttls on; ssl_certificate no.pem; ssl_certificate_key no.key; } }`,
      error: 'cannot load certificate "conf/no.pem"',
    },
  ])('fails where $name, and signals nobody', async ({ text, error }) => {
    writeFileSync(join(prefix, 'logs/nginx.pid'), `${String(process.pid)}\n`);
    const { code, lines } = await run(text, '-s', 'reopen');
    expect(code).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`nginx: [emerg] ${error}`);
  });
});
