import { describe, expect, it } from 'vitest';
import type { AuthMethod } from '../../../../src/mail/credentials.js';
import { decide } from '../../../../src/mail/modules/auth-http/decision.js';
import { ResponseParser } from '../../../../src/mail/modules/auth-http/response.js';
import { SessionLog } from '../../../../src/mail/session-log.js';
import { RememberingLog } from './fixtures.js';

interface Options {
  readonly needsSecret?: boolean;
  readonly method?: AuthMethod;
  readonly strictStatus?: boolean;
}

function decideOn(answer: string, options: Options = {}) {
  const parser = new ResponseParser();
  expect(parser.push(Buffer.from(answer, 'latin1'))).toBe('done');
  const log = new RememberingLog();
  const { needsSecret = true, method = 'plain', strictStatus = true } = options;
  const verdict = decide(parser.response, {
    name: '127.0.0.1:9000',
    needsSecret,
    method,
    strictStatus,
    log: new SessionLog(log, { id: 1, describe: () => '' }),
  });
  return { verdict, lines: log.lines };
}

const address = 'Auth-Server: 192.0.2.9\nAuth-Port: 143\n';
const upstream = { host: '192.0.2.9', port: 143 };
const accepted = { kind: 'accept', upstream };
const error = (text: string) => `[error] auth http server 127.0.0.1:9000 ${text}`;

describe('a login is accepted', () => {
  it.each([
    { name: 'with OK', answer: `HTTP/1.0 200 OK\nAuth-Status: OK\n${address}\n` },
    { name: 'without status', answer: `HTTP/1.0 200 OK\n${address}\n` },
    { name: 'without status line', answer: `Auth-Status: OK\n${address}\n` },
    {
      name: 'H3: with another 2xx status',
      answer: `HTTP/1.1 204 x\nAuth-Status: OK\n${address}\n`,
    },
    { name: 'H3: by HTTP/2.0', answer: `HTTP/2.0 200\nAuth-Status: OK\n${address}\n` },
  ])('$name', ({ answer }) => {
    expect(decideOn(answer)).toEqual({ verdict: accepted, lines: [] });
  });

  it('with a new login and password, taken literally', () => {
    const { verdict } = decideOn(`Auth-User: a%20b\nAuth-Pass: \xff c\n${address}\n`);
    expect(verdict).toEqual({
      ...accepted,
      login: Buffer.from('a%20b'),
      secret: Buffer.from('\xff c', 'latin1'),
    });
  });

  it.each(['on', 'starttls', 'off'] as const)('with Auth-Server-TLS: %s', (tls) => {
    expect(decideOn(`Auth-Server-TLS: ${tls}\n${address}\n`).verdict).toEqual({
      kind: 'accept',
      upstream: { ...upstream, tls },
    });
  });

  it.each(['::1', '2001:db8::1', '127.0.0.1', '::ffff:1.2.3.4'])('for %s', (host) => {
    expect(decideOn(`Auth-Server: ${host}\nAuth-Port: 65535\n\n`).verdict).toEqual({
      kind: 'accept',
      upstream: { host, port: 65535 },
    });
  });

  it('H3: with any HTTP status where auth_http_strict_status is off', () => {
    const answer = `HTTP/1.1 500 Bad\nAuth-Status: OK\n${address}\n`;
    expect(decideOn(answer, { strictStatus: false })).toEqual({ verdict: accepted, lines: [] });
  });

  it('of SMTP without a password whatever the method, and with an empty status', () => {
    const answer = `Auth-Status:\n${address}\n`;
    const { verdict } = decideOn(answer, { needsSecret: false, method: 'cram-md5' });
    expect(verdict).toEqual(accepted);
  });

  it.each(['apop', 'cram-md5', 'external'] as const)('of %s with a password', (method) => {
    const { verdict } = decideOn(`Auth-Pass: x\n${address}\n`, { method, needsSecret: true });
    expect(verdict).toEqual({ ...accepted, secret: Buffer.from('x') });
  });
});

describe('a login is refused', () => {
  const refusal = (text: string, more: object = {}) => ({
    kind: 'refuse',
    reply: { status: 'refused', text: Buffer.from(text), ...more },
  });

  it('with the text, which is logged at info', () => {
    expect(decideOn('HTTP/1.0 200 OK\nAuth-Status: Bad login\n\n')).toEqual({
      verdict: refusal('Bad login'),
      lines: ['[info] client login failed: "Bad login"'],
    });
  });

  it.each(['500 Bad', '302 Found', '204 None', '401 No', 'x'])(
    'H3: with HTTP status %s',
    (status) => {
      expect(decideOn(`HTTP/1.1 ${status}\nAuth-Status: no\n\n`).verdict).toEqual(refusal('no'));
    },
  );

  it('before anything else is looked at', () => {
    const answer = 'Auth-Status: WAIT\nAuth-Status: no\nAuth-Server: nonsense\nAuth-Port: 0\n\n';
    expect(decideOn(answer).verdict).toEqual(refusal('no'));
  });

  it('by an empty status, where the backend needs a password', () => {
    expect(decideOn(`Auth-Status:\n${address}\n`).verdict).toEqual(refusal(''));
  });

  it('with a wait after which the session goes on', () => {
    const { verdict } = decideOn('Auth-Status: no\nAuth-Wait: 3\n\n');
    expect(verdict).toEqual({ ...refusal('no'), waitMs: 3000 });
  });

  it.each([
    ['99999999999999999999', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['0', undefined],
    ['9999999999', 3_600_000],
    ['2147484', 3_600_000],
    ['3601', 3_600_000],
    [' 5', 5000],
  ])('H9: Auth-Wait "%s" waits %s ms', (value, waitMs) => {
    const { verdict } = decideOn(`Auth-Status: no\nAuth-Wait: ${value}\n\n`);
    expect('waitMs' in verdict ? verdict.waitMs : undefined).toBe(waitMs);
  });

  it('with the bytes of the text as they are', () => {
    const reply = { status: 'refused', text: Buffer.from('d\xe9j\xe0 vu', 'latin1') };
    expect(decideOn('Auth-Status: d\xe9j\xe0 vu\n\n').verdict).toEqual({ kind: 'refuse', reply });
  });

  it('H7: without controls in the text', () => {
    const { verdict } = decideOn('Auth-Status: no\0\x1b[31m\x7f\tx\n\n');
    expect(verdict).toEqual(refusal('no  [31m  x'));
  });

  it('H7: with at most 512 bytes of whole characters', () => {
    const { verdict } = decideOn(`Auth-Status: ${'x'.repeat(4096)}\n\n`);
    expect(verdict).toEqual(refusal('x'.repeat(512)));
    const umlauts = Buffer.from(`x${'ü'.repeat(400)}`).toString('latin1');
    expect(decideOn(`Auth-Status: ${umlauts}\n\n`).verdict).toEqual(refusal(`x${'ü'.repeat(255)}`));
  });

  it.each([
    ['550', '550'],
    ['454 4.7.0', '454 4.7.0'],
    ['535 5.7.139', '535 5.7.139'],
    ['250', undefined],
    ['235', undefined],
    ['abc def', undefined],
    ['650', undefined],
    ['55', undefined],
    ['5500', undefined],
    ['550 4.7.0', undefined],
    ['550 5.7', undefined],
    ['550 5.7.0 x', undefined],
    ['550 5.7.1234', undefined],
    ['550-5.7.0', undefined],
    ['', undefined],
  ])('H7: Auth-Error-Code "%s" gives the code %s', (value, code) => {
    const { verdict } = decideOn(`Auth-Status: no\nAuth-Error-Code: ${value}\n\n`, {
      needsSecret: false,
    });
    expect(verdict).toEqual(refusal('no', code === undefined ? {} : { code }));
  });
});

describe('a login is asked again', () => {
  it.each([
    ['Auth-Wait: 7', 7000],
    ['Auth-Wait: 0', 1000],
    ['X: y', 1000],
    ['Auth-Wait: 99999', 3_600_000],
  ])('H10: WAIT with "%s" waits %s ms', (header, waitMs) => {
    const { verdict } = decideOn(`Auth-Status: WAIT\n${header}\nAuth-Status: OK\n${address}\n`);
    expect(verdict).toEqual({ kind: 'wait', waitMs });
  });
});

describe('an answer is a fault of the auth server', () => {
  const nothing = 'did not send server or port';
  const status = (code: number) => `sent a login with HTTP status ${String(code)}`;
  const badServer = (value: string) => `sent invalid server address:"${value}"`;
  const badPort = (value: string) => `sent invalid server port:"${value}"`;

  it.each([
    { answer: 'HTTP/1.0 200 OK\n\n', text: nothing },
    { answer: 'HTTP/1.0 404 Not Found\n\n', text: nothing },
    { answer: 'Auth-Status: OK\nAuth-Port: 143\n\n', text: nothing },
    { answer: 'Auth-Status: OK\nAuth-Server: 192.0.2.1\n\n', text: nothing },
    { answer: 'Auth-Server:\nAuth-Port: 143\n\n', text: nothing },
    ...['ON', '', 'yes', 'on off'].map((value) => ({
      answer: `Auth-Server-TLS: ${value}\n${address}\n`,
      text: `sent invalid "Auth-Server-TLS": "${value}"`,
    })),
    ...[500, 302, 199, 300, 401].map((code) => ({
      answer: `HTTP/1.1 ${String(code)} x\nAuth-Status: OK\n${address}\n`,
      text: status(code),
    })),
    { answer: `HTTP/0.9\nAuth-Status: OK\n${address}\n`, text: status(0) },
    { answer: `HTTP/1.1 500 x\n${address}\n`, text: status(500) },
    ...[
      'localhost',
      '[::1]',
      'unix:/x',
      '127.1',
      '0x7f.1',
      '010.0.0.1',
      'fe80::1%eth0',
      '255.255.255.255',
    ].map((host) => ({
      answer: `Auth-Server: ${host}\nAuth-Port: 143\n\n`,
      text: badServer(host),
    })),
    ...['0', '65536', '-1', '25x', '1e3', '+25', '99999999999999999999'].map((port) => ({
      answer: `Auth-Server: ::1\nAuth-Port: ${port}\n\n`,
      text: badPort(port),
    })),
    { answer: 'Auth-Server: ::1\nAuth-Port: 143\t\n\n', text: badPort('143\\x09') },
    { answer: `Auth-User: x\0\xff y\n${address}\n`, text: 'sent invalid "Auth-User"' },
    { answer: `Auth-Pass: x\0y\n${address}\n`, text: 'sent invalid "Auth-Pass"' },
  ])('H3, H6, H8: $text', ({ answer, text }) => {
    expect(decideOn(answer)).toEqual({ verdict: { kind: 'error' }, lines: [error(text)] });
  });

  it.each(['apop', 'cram-md5', 'external'] as const)('H13: %s without password', (method) => {
    expect(decideOn(`Auth-Status: OK\n${address}\n`, { method })).toEqual({
      verdict: { kind: 'error' },
      lines: [error('did not send password')],
    });
  });

  it('N1: a password is never logged', () => {
    const { lines } = decideOn(`Auth-Pass: canary\0\n${address}\n`);
    expect(lines.join()).not.toContain('canary');
  });
});
