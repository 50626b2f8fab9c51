import { describe, expect, it } from 'vitest';
import type { ReadContext } from '../../src/config/directive.js';
import { SourceFiles } from '../../src/config/source-files.js';
import { ConfigError } from '../../src/errors.js';
import { errorLogCodec } from '../../src/mail/error-log-directive.js';

const context: ReadContext = {
  directive: 'error_log',
  at: { file: '/etc/nginx.conf', line: 1 },
  prefix: '/p/',
  confPrefix: '/p/conf/',
  sources: new SourceFiles({
    files: new Map(),
    lists: new Map([['command logger', ['logger from util-linux 2.41']]]),
  }),
  warn: () => undefined,
  error: (message, help) => new ConfigError(message, { help }),
};

const parse = async (text: string) => errorLogCodec.parse(text.split(' '), context);

const syslog = {
  kind: 'syslog',
  address: '127.0.0.1',
  port: 514,
  facility: 23,
  tag: 'nginx',
  hostname: true,
  level: 'error',
};

const accepted = [
  { text: 'logs/error.log', spec: { kind: 'file', path: '/p/logs/error.log', level: 'error' } },
  { text: '/var/log/x.log info', spec: { kind: 'file', path: '/var/log/x.log', level: 'info' } },
  { text: 'info', spec: { kind: 'file', path: '/p/info', level: 'error' } },
  { text: 'stderr', spec: { kind: 'stderr', level: 'error' } },
  { text: 'stderr emerg', spec: { kind: 'stderr', level: 'emerg' } },
  { text: 'STDERR', spec: { kind: 'file', path: '/p/STDERR', level: 'error' } },
  { text: 'x debug', spec: { kind: 'file', path: '/p/x', level: 'debug' } },
  { text: 'x debug_mail', spec: { kind: 'file', path: '/p/x', level: 'debug' } },
  {
    text: 'x debug_core debug_mail debug_core',
    spec: { kind: 'file', path: '/p/x', level: 'debug' },
  },
  { text: 'syslog:server=127.0.0.1', spec: syslog },
  { text: 'syslog:server=127.0.0.1:5514 warn', spec: { ...syslog, port: 5514, level: 'warn' } },
  { text: 'syslog:server=[::1]:5514', spec: { ...syslog, address: '::1', port: 5514 } },
  {
    text: 'syslog:server=127.0.0.1,facility=mail,tag=im_ap4,severity=debug,nohostname notice',
    spec: { ...syslog, facility: 2, tag: 'im_ap4', hostname: false, level: 'notice' },
  },
  { text: 'x json', spec: { kind: 'file', path: '/p/x', level: 'error', format: 'json' } },
  { text: 'x info json', spec: { kind: 'file', path: '/p/x', level: 'info', format: 'json' } },
  { text: 'x json info', spec: { kind: 'file', path: '/p/x', level: 'info', format: 'json' } },
  { text: 'json', spec: { kind: 'file', path: '/p/json', level: 'error' } },
  { text: 'stderr warn json', spec: { kind: 'stderr', level: 'warn', format: 'json' } },
  { text: 'syslog:server=127.0.0.1 json', spec: { ...syslog, format: 'json' } },
  {
    text: 'x info json rate=700',
    spec: { kind: 'file', path: '/p/x', level: 'info', format: 'json', rate: 700 },
  },
];

const refused = [
  { text: 'x warn warn', message: 'duplicate log level "warn"' },
  { text: 'x error info', message: 'duplicate log level "info"' },
  { text: 'x foo', message: 'invalid log level "foo"' },
  { text: 'x INFO', message: 'invalid log level "INFO"' },
  { text: 'x json json', message: 'duplicate log format "json"' },
  { text: 'x JSON', message: 'invalid log level "JSON"' },
  { text: 'x json=on', message: 'invalid log level "json=on"' },
  { text: 'x info json warn', message: 'duplicate log level "warn"' },
  { text: 'x rate=10 rate=10', message: 'duplicate log rate "rate=10"' },
  { text: 'x rate=', message: 'invalid log rate "rate="' },
  { text: 'x rate=0', message: 'invalid log rate "rate=0"' },
  { text: 'x rate=1e3', message: 'invalid log rate "rate=1e3"' },
  { text: 'x rate=-1', message: 'invalid log rate "rate=-1"' },
  { text: 'x warn debug_mail', message: 'invalid log level "debug_mail"' },
  { text: 'x debug debug_mail', message: 'invalid log level "debug_mail"' },
  { text: 'x debug_mail info', message: 'duplicate log level "info"' },
  { text: 'memory:32m debug', message: 'nginx was built without debug support' },
  { text: 'syslog:facility=mail', message: 'no syslog server specified' },
  { text: 'syslog:', message: 'unknown syslog parameter ""' },
  { text: 'syslog:server=127.0.0.1,server=127.0.0.1', message: 'duplicate syslog "server"' },
  { text: 'syslog:facility=mail,facility=mail', message: 'duplicate syslog "facility"' },
  { text: 'syslog:severity=info,severity=info', message: 'duplicate syslog "severity"' },
  { text: 'syslog:tag=a,tag=b', message: 'duplicate syslog "tag"' },
  { text: 'syslog:facility=x', message: 'unknown syslog facility "x"' },
  { text: 'syslog:severity=x', message: 'unknown syslog severity "x"' },
  { text: `syslog:tag=${'a'.repeat(33)}`, message: 'syslog tag length exceeds 32' },
  {
    text: 'syslog:tag=a-b',
    message: 'syslog "tag" only allows alphanumeric characters and underscore',
  },
  { text: 'syslog:colour=red', message: 'unknown syslog parameter "colour=red"' },
  {
    text: 'syslog:server=127.0.0.1:99999',
    message: 'invalid port in syslog server "127.0.0.1:99999"',
  },
  {
    text: 'syslog:server=nowhere.invalid',
    message: 'host not found in syslog server "nowhere.invalid"',
  },
];

describe('error_log', () => {
  it.each(accepted)('reads "$text"', async ({ text, spec }) => {
    expect(await parse(text)).toEqual([spec]);
  });

  it.each(refused)('refuses "$text": $message', async ({ text, message }) => {
    await expect(parse(text)).rejects.toThrow(new ConfigError(message));
  });

  it('reads an empty name as standard error, as nginx does', async () => {
    expect(await parse('')).toEqual([{ kind: 'stderr', level: 'error' }]);
  });

  it('reads a syslog on a UNIX-domain socket where the command for it is installed', async () => {
    expect(await parse('syslog:server=unix:/dev/log,nohostname,tag=mx info')).toEqual([
      {
        kind: 'syslogSocket',
        path: '/dev/log',
        facility: 23,
        tag: 'mx',
        hostname: false,
        level: 'info',
      },
    ]);
  });

  it('refuses a syslog on a UNIX-domain socket where it is not, and says what helps', async () => {
    const sources = new SourceFiles({ files: new Map(), lists: new Map([['command logger', []]]) });
    const parsed = errorLogCodec.parse(['syslog:server=unix:/dev/log'], { ...context, sources });
    await expect(parsed).rejects.toMatchObject({
      message:
        'syslog server "unix:/dev/log" needs the command "logger" of util-linux, which was not found',
      help: 'use "server=127.0.0.1:514", or install the command (Debian: bsdutils)',
    });
  });

  it('adds directives of one level up', async () => {
    const first = await parse('a');
    const next = await parse('b info');
    expect(errorLogCodec.join?.(first, next, context)).toEqual([...first, ...next]);
  });
});
