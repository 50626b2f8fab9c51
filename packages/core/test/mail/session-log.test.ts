import { describe, expect, it } from 'vitest';
import { ErrorLog } from '../../src/log/error-log.js';
import { systemError } from '../../src/log/errno.js';
import { type LogFormat, prepareJson } from '../../src/log/log-format.js';
import { streamError } from '../../src/net/tls-error.js';
import { logBrokenClient } from '../../src/mail/broken-peer.js';
import { SessionLog } from '../../src/mail/session-log.js';
import { RecordingTarget } from '../log/recording-target.js';

await prepareJson();

const facts = {
  id: 16,
  describe: () => ', client: 192.0.2.1 using starttls, server: 0.0.0.0:143, login: "u"',
  describeFields: () => ({
    client: '192.0.2.1',
    server: '0.0.0.0:143',
    starttls: true,
    login: 'u',
  }),
};

function logIn(format: LogFormat) {
  const target = new RecordingTarget();
  const log = new SessionLog(new ErrorLog([{ level: 'info', target, format }], 7), facts);
  return { log, target };
}

const system = (syscall: string) => Object.assign(systemError('ECONNRESET'), { syscall });
const openssl = streamError(
  Object.assign(new Error('error:0A000119:SSL routines:f:bad record mac:a.c:1:'), {
    code: 'ERR_SSL_BAD',
  }),
);

describe('a broken connection', () => {
  it.each([
    { error: system('read'), isTls: false, line: 'recv() failed (104: Connection reset by peer)' },
    { error: system('write'), isTls: false, line: 'send() failed (104: Connection reset by peer)' },
    { error: system('read'), isTls: true, line: undefined },
    {
      error: system('write'),
      isTls: true,
      line: 'SSL_write() failed (104: Connection reset by peer)',
    },
    {
      error: openssl,
      isTls: true,
      line: 'SSL_read() failed (SSL: error:0A000119:SSL routines::bad record mac)',
    },
  ])('of TLS $isTls is logged as $line', ({ error, isTls, line }) => {
    const { log, target } = logIn('text');
    log.action = 'in auth state';
    logBrokenClient(error, log, isTls);
    const lines = target.lines.map((each) => each.slice(each.indexOf('*16 ') + 4));
    const context =
      'while in auth state, client: 192.0.2.1 using starttls, server: 0.0.0.0:143, login: "u"';
    expect(lines).toEqual(line === undefined ? [] : [`${line} ${context}\n`]);
  });
});

describe('the log of a session', () => {
  it('is the text of nginx', () => {
    const { log, target } = logIn('text');
    log.action = 'in auth state';
    log.info('client timed out', systemError('ETIMEDOUT'));
    expect(target.lines[0]?.slice('2026/11/22 14:44:57 '.length)).toBe(
      '[info] 7#0: *16 client timed out (110: Connection timed out) while in auth state, client: 192.0.2.1 using starttls, server: 0.0.0.0:143, login: "u"\n',
    );
  });

  it('has the same facts in JSON', () => {
    const { log, target } = logIn('json');
    log.action = 'in auth state';
    log.info('client timed out', systemError('ETIMEDOUT'));
    expect(JSON.parse(target.lines[0] ?? '')).toEqual({
      time: expect.any(String) as string,
      level: 'info',
      pid: 7,
      connection: 16,
      message: 'client timed out',
      errno: 110,
      error: 'Connection timed out',
      action: 'in auth state',
      client: '192.0.2.1',
      server: '0.0.0.0:143',
      starttls: true,
      login: 'u',
    });
  });

  it('begins with a line that has its facts in JSON only', () => {
    const text = logIn('text');
    const json = logIn('json');
    for (const { log } of [text, json]) log.bare('info', 'client connected');
    expect(text.target.lines[0]).toMatch(/\*16 client connected\n$/);
    expect(JSON.parse(json.target.lines[0] ?? '')).toMatchObject({ client: '192.0.2.1' });
  });

  it('asks for fields only where a log in JSON takes the line', () => {
    const target = new RecordingTarget();
    const describeFields = () => expect.unreachable('nobody reads fields');
    const outputs = [
      { level: 'info', target },
      { level: 'error', target: new RecordingTarget(), format: 'json' },
    ] as const;
    new SessionLog(new ErrorLog(outputs), { ...facts, describeFields }).info('client logged in');
    expect(target.lines).toHaveLength(1);
  });
});
