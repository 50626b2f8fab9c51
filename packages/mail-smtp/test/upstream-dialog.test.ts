import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PosternError, Secret, type AuthMethod, type UpstreamStep } from '@postern/core';
import { nothingSaid } from '../src/envelope.js';
import { smtpUpstreamDialog, type SmtpUpstreamState } from '../src/upstream-dialog.js';
import { confOf } from './conf.js';
import { bytes, text } from './parse.js';

const usual = {
  login: 'u',
  secret: 'p' as string | undefined,
  method: 'plain' as AuthMethod,
  helo: '',
  esmtp: false,
  from: '',
  to: '',
  xclient: true,
  proxySmtpAuth: false,
  clientName: 'c.test' as string | undefined,
  startTls: false,
};

type Login = Partial<typeof usual>;

function start(login: Login = {}): SmtpUpstreamState {
  const { helo, esmtp, from, to, secret, xclient, proxySmtpAuth, ...given } = {
    ...usual,
    ...login,
  };
  const said = { ...nothingSaid, helo: bytes(helo), from: bytes(from), to: bytes(to), esmtp };
  return smtpUpstreamDialog.start({
    ...given,
    conf: confOf({ xclient, proxySmtpAuth }),
    serverName: 'mx.test',
    login: bytes(given.login),
    secret: secret === undefined ? undefined : new Secret(bytes(secret)),
    client: { at: 'commands', said },
    peer: { address: '192.0.2.1', port: 40_000, family: 'IPv4' },
  });
}

function shown(step: UpstreamStep<SmtpUpstreamState>): string {
  switch (step.do) {
    case 'send':
      return `send ${text(step.bytes)}`;
    case 'relay':
      return `relay ${text(step.reply)}`;
    case 'fail':
      return `fail ${text(step.text)}${step.reply === undefined ? '' : ` / ${text(step.reply)}`}`;
    case 'abort':
      return `abort ${step.message}${step.while === undefined ? '' : ` while ${step.while}`}`;
    case 'wait':
    case 'startTls':
      return step.do;
  }
}

/** What each reply leads to. The backend sends one after the other. */
function play(login: Login, replies: readonly string[]): string[] {
  let state = start(login);
  return replies.map((reply) => {
    expect(smtpUpstreamDialog.replyLength(state, bytes(reply))).toBe(reply.length);
    const step = smtpUpstreamDialog.step(state, bytes(reply));
    if ('state' in step) state = step.state;
    if (step.do !== 'startTls') return shown(step);
    const next = smtpUpstreamDialog.secured(state);
    if ('state' in next) state = next.state;
    return `startTls, ${shown(next)}`;
  });
}

const hello = '220 ready\r\n';
const ok = '250 ok\r\n';
const success = 'relay 235 2.0.0 OK\r\n';
const xclient = 'send XCLIENT ADDR=192.0.2.1 LOGIN=u NAME=c.test\r\n';
const message = { method: 'none', login: '', secret: '', from: 'MAIL x', to: 'RCPT y' } as const;
const bare = { xclient: false } as const;

describe('a login', () => {
  it.each([
    {
      name: 'with XCLIENT says EHLO, whatever the client said',
      login: {},
      replies: [hello, ok, hello],
      is: ['send EHLO mx.test\r\n', xclient, success],
    },
    {
      name: 'takes 250 as the answer to XCLIENT',
      login: {},
      replies: [hello, ok, ok],
      is: ['send EHLO mx.test\r\n', xclient, success],
    },
    {
      name: 'tells the name of a client of EHLO with EHLO',
      login: { helo: 'me', esmtp: true },
      replies: [hello, ok, hello, ok],
      is: ['send EHLO mx.test\r\n', xclient, 'send EHLO me\r\n', success],
    },
    {
      name: 'tells the name of a client of HELO with HELO',
      login: { helo: 'me' },
      replies: [hello, ok, hello, ok],
      is: ['send EHLO mx.test\r\n', xclient, 'send HELO me\r\n', success],
    },
    {
      name: 'without XCLIENT says HELO for a client of HELO, and not its name',
      login: { ...bare, helo: 'me' },
      replies: [hello, ok],
      is: ['send HELO mx.test\r\n', success],
    },
    {
      name: 'without XCLIENT says EHLO for a client of EHLO',
      login: { ...bare, helo: 'me', esmtp: true },
      replies: [hello, ok],
      is: ['send EHLO mx.test\r\n', success],
    },
    {
      name: 'leaves the user out of XCLIENT and logs in with proxy_smtp_auth',
      login: { proxySmtpAuth: true, helo: 'me', esmtp: true },
      replies: [hello, ok, hello, ok, '235 in\r\n'],
      is: [
        'send EHLO mx.test\r\n',
        'send XCLIENT ADDR=192.0.2.1 NAME=c.test\r\n',
        'send EHLO me\r\n',
        'send AUTH PLAIN AHUAcA==\r\n',
        success,
      ],
    },
    {
      name: 'leaves an empty user out of XCLIENT',
      login: { login: '' },
      replies: [hello, ok],
      is: ['send EHLO mx.test\r\n', 'send XCLIENT ADDR=192.0.2.1 NAME=c.test\r\n'],
    },
    {
      name: 'has a name for a client that was not looked up',
      login: { clientName: undefined },
      replies: [hello, ok],
      is: ['send EHLO mx.test\r\n', 'send XCLIENT ADDR=192.0.2.1 LOGIN=u NAME=[UNAVAILABLE]\r\n'],
    },
    {
      name: 'I3: takes replies of many lines',
      login: bare,
      replies: ['220-a\r\n220 b\r\n', '250-x\r\n250-y\r\n250 z\r\n'],
      is: ['send HELO mx.test\r\n', success],
    },
    {
      name: 'takes replies without a text',
      login: bare,
      replies: ['220\r\n', '250\r\n'],
      is: ['send HELO mx.test\r\n', success],
    },
  ])('$name', ({ login, replies, is }) => {
    expect(play(login, replies)).toEqual(is);
  });
});

describe('a message without a login', () => {
  it('is replayed, and the client gets the answer to its recipient', () => {
    expect(play(message, [hello, ok, hello, ok, '250-yes\r\n250 it is\r\n'])).toEqual([
      'send EHLO mx.test\r\n',
      'send XCLIENT ADDR=192.0.2.1 NAME=c.test\r\n',
      'send MAIL x\r\n',
      'send RCPT y\r\n',
      'relay 250-yes\r\n250 it is\r\n',
    ]);
  });

  it('is not logged in', () => {
    expect(play({ ...message, ...bare, proxySmtpAuth: true }, [hello, ok])).toEqual([
      'send HELO mx.test\r\n',
      'send MAIL x\r\n',
    ]);
  });

  it.each(['250 ok\r\n', '550 no\r\n', '421 bye\r\n', '354 hm\r\n'])(
    'takes %j for the answer to its recipient',
    (reply) => {
      expect(play({ ...message, ...bare }, [hello, ok, ok, reply]).at(-1)).toBe(`relay ${reply}`);
    },
  );

  it.each(['999 x\r\n', '250-a\r\n550 b\r\n', '+OK\r\n', '25\r\n'])(
    'I4: does not take %j',
    (reply) => {
      const is = `fail ${reply.slice(0, -2)}`;
      expect(play({ ...message, ...bare }, [hello, ok, ok, reply]).at(-1)).toBe(is);
    },
  );
});

describe('a refusal', () => {
  const auth = { ...bare, proxySmtpAuth: true };

  it.each([
    { name: 'the greeting is 554', login: bare, replies: ['554 no\r\n'] },
    { name: 'HELO is refused', login: bare, replies: [hello, '502 no\r\n'] },
    { name: 'D10: XCLIENT is refused', login: {}, replies: [hello, ok, '550 no\r\n'] },
    {
      name: 'the client’s name is refused',
      login: { helo: 'x' },
      replies: [hello, ok, hello, '501 no\r\n'],
    },
    { name: 'AUTH is refused', login: auth, replies: [hello, ok, '535 no\r\n'] },
    { name: 'MAIL is refused', login: { ...message, ...bare }, replies: [hello, ok, '553 no\r\n'] },
    { name: 'it goes away', login: bare, replies: [hello, '421 no\r\n'] },
    { name: 'it has many lines', login: bare, replies: ['554-a\r\n554 no\r\n'] },
  ])('I8: may be passed on when $name', ({ login, replies }) => {
    const reply = replies.at(-1) ?? '';
    expect(play(login, replies).at(-1)).toBe(`fail ${reply.slice(0, -2)} / ${reply}`);
  });

  it.each([
    { name: '250 for a greeting', login: bare, replies: [ok] },
    { name: '220 to HELO', login: bare, replies: [hello, hello] },
    { name: '235 to XCLIENT', login: {}, replies: [hello, ok, '235 in\r\n'] },
    { name: '250 to AUTH', login: auth, replies: [hello, ok, ok] },
    { name: '334 to AUTH', login: auth, replies: [hello, ok, '334 \r\n'] },
    { name: '251 to MAIL', login: { ...message, ...bare }, replies: [hello, ok, '251 x\r\n'] },
    { name: 'I4: another protocol', login: bare, replies: ['* OK hi\r\n'] },
    { name: 'I4: a code that does not exist', login: bare, replies: ['999 hi\r\n'] },
    { name: 'I4: codes that change', login: bare, replies: [hello, '250-a\r\n220 b\r\n'] },
    { name: 'I9: a success at the end', login: bare, replies: ['554-a\r\n235 b\r\n'] },
  ])('A10: is our own, and the reply is hidden, at $name', ({ login, replies }) => {
    const reply = replies.at(-1) ?? '';
    expect(play(login, replies).at(-1)).toBe(`fail ${reply.slice(0, -2)}`);
  });
});

describe('proxy_smtp_auth', () => {
  const auth = { ...bare, proxySmtpAuth: true };

  it.each([
    { name: 'no password', secret: undefined },
    { name: 'an empty one', secret: '' },
  ])('is an error of our own with $name', ({ secret }) => {
    expect(play({ ...auth, secret }, [hello, ok]).at(-1)).toBe(
      'abort no password available while sending AUTH to upstream',
    );
  });

  it('F11: sends any other byte in base64', () => {
    const [, sent = ''] = play({ ...auth, login: 'u\r\n', secret: '\xff\n' }, [hello, ok]);
    const plain = Buffer.from(sent.slice('send AUTH PLAIN '.length), 'base64').toString('latin1');
    expect(plain).toBe('\0u\r\n\0\xff\n');
  });
});

describe('what cannot be sent', () => {
  it.each([
    { name: 'a login with NUL', login: { proxySmtpAuth: true, login: 'u\0' } },
    { name: 'a password with NUL', login: { proxySmtpAuth: true, secret: 'p\0q' } },
    { name: 'a client’s name with CR', login: { helo: 'a\rb' } },
    { name: 'a client’s name with NUL', login: { helo: 'a\0b' } },
    { name: 'a sender with LF', login: { ...message, from: 'MAIL\nx' } },
    { name: 'a recipient with CRLF', login: { ...message, to: 'RCPT\r\nDATA' } },
    { name: 'a host name with LF', login: { clientName: 'a\nb' } },
  ])('E13: $name is refused, without showing it', ({ login }) => {
    const attempt = (): unknown => start(login);
    expect(attempt).toThrow(PosternError);
    expect(attempt).toThrow(/ cannot be sent to an SMTP backend$/);
  });

  it('a login of any bytes can be told with XCLIENT', () => {
    expect(play({ login: 'u\0\r\n' }, [hello, ok]).at(-1)).toContain('LOGIN=u+00+0D+0A ');
  });
});

describe('proxy_ssl starttls', () => {
  it('asks for TLS first, and starts anew inside', () => {
    const login = { startTls: true, helo: 'me', xclient: true };
    expect(play(login, [hello, ok, '220 go\r\n', ok, hello, ok])).toEqual([
      'send EHLO mx.test\r\n',
      'send STARTTLS\r\n',
      'startTls, send EHLO mx.test\r\n',
      xclient,
      'send HELO me\r\n',
      success,
    ]);
  });

  it('says EHLO even where HELO would do', () => {
    expect(play({ ...bare, startTls: true }, [hello])).toEqual(['send EHLO mx.test\r\n']);
  });

  it.each(['454 later\r\n', '250 ok\r\n', '220-a\r\n250 b\r\n', 'x\r\n'])(
    'A9: fails, and tells nothing of the client, when the backend says %j',
    (reply) => {
      expect(play({ startTls: true }, [hello, ok, reply]).at(-1)).toMatch(/^fail /);
    },
  );
});

describe('what the log is told', () => {
  it('names what it is doing as nginx does', () => {
    const told = (login: Login): string[] =>
      start(login).commands.map(({ name }) => `sending ${name} to upstream`);
    expect(told({ helo: 'me', proxySmtpAuth: true })).toEqual([
      'sending HELO/EHLO to upstream',
      'sending XCLIENT to upstream',
      'sending client HELO/EHLO to upstream',
      'sending AUTH to upstream',
    ]);
    expect(told({ ...message, ...bare })).toEqual([
      'sending HELO/EHLO to upstream',
      'sending MAIL FROM to upstream',
      'sending RCPT TO to upstream',
    ]);
    const step = smtpUpstreamDialog.step(start(), bytes(hello));
    expect(step).toMatchObject({ do: 'send', while: 'sending HELO/EHLO to upstream' });
  });

  it('tells how far it has come', () => {
    const first = start();
    expect(smtpUpstreamDialog.progress(first)).toBe('nothing sent');
    expect(smtpUpstreamDialog.progress({ ...first, sent: 2 })).toBe('sent HELO/EHLO, XCLIENT');
  });

  it('N3: shows no password', () => {
    const state = start({ proxySmtpAuth: true, secret: 'canary' });
    const base64 = Buffer.from('\0u\0canary').toString('base64');
    expect(inspect(state, { depth: 9 })).not.toContain(base64);
    expect(JSON.stringify(state.commands.at(-1)?.line)).toBe('"***"');
  });
});
