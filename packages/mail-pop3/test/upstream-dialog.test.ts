import { describe, expect, it } from 'vitest';
import { PosternError, Secret, type UpstreamStep } from '@postern/core';
import { pop3UpstreamDialog, type Pop3UpstreamState } from '../src/upstream-dialog.js';
import { bytes, text } from './parse.js';

interface Login {
  readonly login?: string;
  readonly secret?: string;
  readonly startTls?: boolean;
}

function start({ login = 'us', secret = 'pas', startTls = false }: Login = {}): Pop3UpstreamState {
  return pop3UpstreamDialog.start({
    conf: {},
    serverName: 'mx.test',
    login: bytes(login),
    secret: new Secret(bytes(secret)),
    client: { at: 'start', salt: undefined },
    method: 'plain',
    peer: { address: '192.0.2.1', port: 40_000, family: 'IPv4' },
    clientName: undefined,
    startTls,
  });
}

function shown(step: UpstreamStep<Pop3UpstreamState>): string {
  switch (step.do) {
    case 'send':
      return `send ${text(step.bytes)}`;
    case 'wait':
      return 'wait';
    case 'relay':
      return `relay ${text(step.reply)}`;
    case 'fail':
      return `fail ${text(step.text)}${step.reply === undefined ? '' : ` / ${text(step.reply)}`}`;
    case 'startTls':
      return 'startTls';
    case 'abort':
      return `abort ${step.message}`;
  }
}

/** The steps that each reply leads to. The backend sends one after the other. */
function steps(login: Login, replies: readonly string[]): UpstreamStep<Pop3UpstreamState>[] {
  let state = start(login);
  return replies.flatMap((reply) => {
    expect(pop3UpstreamDialog.replyLength(state, bytes(reply))).toBe(reply.length);
    const step = pop3UpstreamDialog.step(state, bytes(reply));
    if ('state' in step) state = step.state;
    if (step.do !== 'startTls') return [step];
    const next = pop3UpstreamDialog.secured(state);
    if ('state' in next) state = next.state;
    return [step, next];
  });
}

const play = (login: Login, replies: readonly string[]): string[] =>
  steps(login, replies).map(shown);

describe('a login', () => {
  it('is USER, PASS and the answer to PASS', () => {
    expect(play({}, ['+OK hi\r\n', '+OK\r\n', '+OK in\r\n'])).toEqual([
      'send USER us\r\n',
      'send PASS pas\r\n',
      'relay +OK in\r\n',
    ]);
  });

  it.each([
    { name: 'spaces', login: ' a b ', secret: '  p ' },
    { name: 'bytes beyond ASCII', login: '\xe9', secret: '\x80\xff' },
    { name: 'controls other than CR, LF and NUL', login: '\x01\t', secret: '\x7f\x1b' },
    { name: 'nothing', login: '', secret: '' },
  ])('sends $name as they are', ({ login, secret }) => {
    expect(play({ login, secret }, ['+OK\r\n', '+OK\r\n'])).toEqual([
      `send USER ${login}\r\n`,
      `send PASS ${secret}\r\n`,
    ]);
  });

  it('names what it is doing as nginx does', () => {
    const doing = steps({ startTls: true }, ['+OK\r\n', '+OK\r\n', '+OK\r\n']).flatMap((step) =>
      step.do === 'send' ? [step.while] : [],
    );
    expect(doing).toEqual([
      'sending STLS to upstream',
      'sending user name to upstream',
      'sending password to upstream',
    ]);
  });

  it('tells how far it has come, without credentials', () => {
    let state = start();
    const told = [pop3UpstreamDialog.progress(state)];
    for (const reply of ['+OK\r\n', '+OK\r\n']) {
      const step = pop3UpstreamDialog.step(state, bytes(reply));
      if (step.do === 'send') state = step.state;
      told.push(pop3UpstreamDialog.progress(state));
    }
    expect(told).toEqual(['nothing sent', 'sent user name', 'sent user name, password']);
  });
});

describe('proxy_ssl starttls', () => {
  it('sends nothing of the client before the backend has agreed to TLS', () => {
    const replies = ['+OK hi\r\n', '+OK go\r\n', '+OK\r\n', '+OK in\r\n'];
    expect(play({ startTls: true }, replies)).toEqual([
      'send STLS\r\n',
      'startTls',
      'send USER us\r\n',
      'send PASS pas\r\n',
      'relay +OK in\r\n',
    ]);
  });

  it.each(['-ERR no\r\n', '+ go\r\n', 'OK\r\n', '\r\n'])(
    'fails, and sends no password, when the backend says %j',
    (reply) => {
      expect(play({ startTls: true }, ['+OK hi\r\n', reply])[1]).toMatch(/^fail /);
    },
  );

  it('fails at a greeting that is none, before STLS', () => {
    expect(play({ startTls: true }, ['-ERR later\r\n'])).toEqual([
      'fail -ERR later / -ERR later\r\n',
    ]);
  });
});

describe('credentials that cannot be sent', () => {
  it.each([
    { name: 'a login with CR and LF', login: { login: 'u\r\nDELE 1' } },
    { name: 'a login with LF', login: { login: 'u\n' } },
    { name: 'a login with CR', login: { login: '\ru' } },
    { name: 'a login with NUL', login: { login: 'u\0' } },
    { name: 'a password with CR and LF', login: { secret: 'hunter2\r\nQUIT' } },
    { name: 'a password with NUL', login: { secret: 'hunter2\0' } },
    { name: 'a login with LF where TLS would come first', login: { login: '\n', startTls: true } },
  ])('E13: $name is refused, without showing it', ({ login }) => {
    const attempt = (): unknown => start(login);
    expect(attempt).toThrow(PosternError);
    expect(attempt).toThrow(
      /^a login or password with CR, LF or NUL cannot be sent to a POP3 backend$/,
    );
  });
});

describe('a refusal', () => {
  const refusals = [
    { name: 'I8: -ERR', reply: '-ERR [AUTH] no\r\n', log: '-ERR [AUTH] no' },
    { name: '+ok in lower case', reply: '+ok\r\n', log: '+ok' },
    { name: 'OK without a plus', reply: 'OK\r\n', log: 'OK' },
    { name: 'a greeting of IMAP', reply: '* OK hi\r\n', log: '* OK hi' },
    { name: 'an invitation', reply: '+ \r\n', log: '+ ' },
    { name: 'an empty line', reply: '\r\n', log: '' },
  ];

  it.each(refusals)('$name as the greeting', ({ reply, log }) => {
    expect(play({}, [reply])).toEqual([`fail ${log} / ${reply}`]);
  });

  it.each(refusals)('$name as the answer to USER: no password is sent', ({ reply, log }) => {
    expect(play({}, ['+OK\r\n', reply]).at(-1)).toBe(`fail ${log} / ${reply}`);
  });

  it.each(refusals)('$name as the answer to PASS', ({ reply, log }) => {
    expect(play({}, ['+OK\r\n', '+OK\r\n', reply]).at(-1)).toBe(`fail ${log} / ${reply}`);
  });
});

describe('replyLength', () => {
  it.each([
    { name: 'nothing is not a reply', buffer: '', is: 0 },
    { name: 'I2: half a line is not a reply', buffer: '+OK hi\r', is: 0 },
    { name: 'I15: a bare LF does not end a line', buffer: '+OK hi\n', is: 0 },
    { name: 'I15: a bare LF is part of the line', buffer: '+OK\nhi\r\n', is: 8 },
    { name: 'I9, I5: of two replies the first counts', buffer: '-ERR\r\n+OK\r\n', is: 6 },
    { name: 'I7: what follows the result is not part of it', buffer: '+OK\r\n+OK 2', is: 5 },
  ])('$name', ({ buffer, is }) => {
    expect(pop3UpstreamDialog.replyLength(start(), bytes(buffer))).toBe(is);
  });
});
