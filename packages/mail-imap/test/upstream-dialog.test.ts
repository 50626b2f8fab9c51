import { describe, expect, it } from 'vitest';
import { PosternError, Secret, type UpstreamStep } from '@postern/core';
import { imapUpstreamDialog, type ImapUpstreamState } from '../src/upstream-dialog.js';
import { confOf } from './conf.js';
import { bytes, text } from './parse.js';

interface Login {
  readonly login?: string;
  readonly secret?: string;
  readonly proxyLogin?: 'auto' | 'literal';
  readonly tag?: string;
  readonly startTls?: boolean;
}

function start({
  login = 'us',
  secret = 'pas',
  proxyLogin = 'auto',
  tag = 'a ',
  startTls = false,
}: Login = {}): ImapUpstreamState {
  return imapUpstreamDialog.start({
    conf: confOf({ proxyLogin }),
    serverName: 'mx.test',
    login: bytes(login),
    secret: new Secret(bytes(secret)),
    client: { at: 'submitted', tag: bytes(tag) },
    method: 'plain',
    peer: { address: '192.0.2.1', port: 40_000, family: 'IPv4' },
    clientName: undefined,
    startTls,
  });
}

function shown(step: UpstreamStep<ImapUpstreamState>): string {
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

/** What each reply leads to. The backend sends one after the other. */
function play(login: Login, replies: readonly string[]): string[] {
  let state = start(login);
  return replies.map((reply) => {
    expect(imapUpstreamDialog.replyLength(state, bytes(reply))).toBe(reply.length);
    const step = imapUpstreamDialog.step(state, bytes(reply));
    if ('state' in step) state = step.state;
    if (step.do !== 'startTls') return shown(step);
    const next = imapUpstreamDialog.secured(state);
    if ('state' in next) state = next.state;
    return `startTls, ${shown(next)}`;
  });
}

const hello = '* OK ready\r\n';
const literal = { proxyLogin: 'literal' } as const;

describe('proxy_imap_login literal', () => {
  it('sends two literals, each when it is invited, and relays the result', () => {
    expect(play(literal, [hello, '+ go\r\n', '+\r\n', 'a OK in\r\n'])).toEqual([
      'send a LOGIN {2}\r\n',
      'send us {3}\r\n',
      'send pas\r\n',
      'relay a OK in\r\n',
    ]);
  });

  it('E6: keeps line ends inside the literals', () => {
    expect(
      play({ ...literal, login: 'u\r\n', secret: 'p\nq' }, [hello, '+ \r\n', '+ \r\n']),
    ).toEqual(['send a LOGIN {3}\r\n', 'send u\r\n {3}\r\n', 'send p\nq\r\n']);
  });

  it('names what it is doing as nginx does', () => {
    let state = start(literal);
    const doing = [hello, '+ \r\n', '+ \r\n'].map((reply) => {
      const step = imapUpstreamDialog.step(state, bytes(reply));
      if (step.do !== 'send') return expect.unreachable();
      state = step.state;
      return step.while;
    });
    expect(doing).toEqual([
      'sending LOGIN command to upstream',
      'sending user name to upstream',
      'sending password to upstream',
    ]);
  });
});

describe('proxy_ssl starttls', () => {
  it('sends nothing of the client before the backend has agreed to TLS', () => {
    expect(play({ startTls: true }, [hello, 'tls OK go\r\n', 'a OK in\r\n'])).toEqual([
      'send tls STARTTLS\r\n',
      'startTls, send a LOGIN "us" "pas"\r\n',
      'relay a OK in\r\n',
    ]);
  });

  it('tolerates one untagged line before the agreement', () => {
    expect(play({ startTls: true }, [hello, '* CAPABILITY X\r\ntls OK go\r\n'])[1]).toContain(
      'startTls',
    );
  });

  it.each(['tls NO x\r\n', 'tls BAD x\r\n', 'a OK x\r\n', '+ go\r\n'])(
    'fails, and sends no password, when the backend says %j',
    (reply) => {
      expect(play({ startTls: true }, [hello, reply])[1]).toContain('fail ');
    },
  );

  it('A10: sends no password to a backend that claims to be logged in', () => {
    expect(play({ startTls: true }, ['* PREAUTH hi\r\n'])).toEqual(['fail * PREAUTH hi']);
  });
});

describe('proxy_imap_login auto', () => {
  it.each([
    { name: 'quotes both', login: 'us', secret: 'pas', sends: 'a LOGIN "us" "pas"\r\n' },
    {
      name: 'escapes quotes and backslashes',
      login: 'u"\\',
      secret: '"',
      sends: 'a LOGIN "u\\"\\\\" "\\""\r\n',
    },
    { name: 'quotes an empty password', login: 'us', secret: '', sends: 'a LOGIN "us" ""\r\n' },
    {
      name: 'quotes controls other than CR, LF and NUL',
      login: 'u\x01\t',
      secret: '\x7f',
      sends: 'a LOGIN "u\x01\t" "\x7f"\r\n',
    },
    {
      name: 'sends a login beyond ASCII in literals',
      login: '\xe9',
      secret: 'p',
      sends: 'a LOGIN {1}\r\n',
    },
    {
      name: 'sends a password beyond ASCII in literals',
      login: 'u',
      secret: '\x80',
      sends: 'a LOGIN {1}\r\n',
    },
    {
      name: 'E13: sends a login with CR and LF in literals',
      login: 'u\r\n',
      secret: 'p',
      sends: 'a LOGIN {3}\r\n',
    },
    {
      name: 'E13: sends a password with LF in literals',
      login: 'u',
      secret: '\n',
      sends: 'a LOGIN {1}\r\n',
    },
    {
      name: 'takes one command of 1000 bytes',
      login: 'u',
      secret: 'p'.repeat(984),
      sends: `a LOGIN "u" "${'p'.repeat(984)}"\r\n`,
    },
    {
      name: 'sends what makes a longer command in literals',
      login: 'u',
      secret: 'p'.repeat(985),
      sends: 'a LOGIN {1}\r\n',
    },
  ])('$name', ({ login, secret, sends }) => {
    expect(play({ login, secret }, [hello])).toEqual([`send ${sends}`]);
  });

  it('needs two replies', () => {
    expect(play({}, [hello, 'a OK in\r\n'])).toEqual([
      'send a LOGIN "us" "pas"\r\n',
      'relay a OK in\r\n',
    ]);
  });
});

describe('credentials that cannot be sent', () => {
  it.each([
    { name: 'a login with NUL', login: { login: 'u\0' } },
    { name: 'a password with NUL', login: { secret: 'p\0q' } },
    { name: 'a NUL where literals are configured', login: { secret: '\0', ...literal } },
  ])('E6: $name is refused, without showing it', ({ login }) => {
    const attempt = (): unknown => start(login);
    expect(attempt).toThrow(PosternError);
    expect(attempt).toThrow('a login or password with a NUL cannot be sent to an IMAP backend');
  });
});

describe('the greeting', () => {
  it.each([
    {
      name: 'A10: PREAUTH fails, and is not passed on (dev-17)',
      greeting: '* PREAUTH hi\r\n',
      is: 'fail * PREAUTH hi',
    },
    {
      name: 'A10: PREAUTH in another case too',
      greeting: '* PreAuth hi\r\n',
      is: 'fail * PreAuth hi',
    },
    {
      name: 'I8: BYE fails, and may be passed on',
      greeting: '* BYE later\r\n',
      is: 'fail * BYE later / * BYE later\r\n',
    },
    { name: 'ok in lower case fails', greeting: '* ok\r\n', is: 'fail * ok / * ok\r\n' },
    { name: 'a greeting of POP3 fails', greeting: '+OK\r\n', is: 'fail +OK / +OK\r\n' },
    { name: 'an empty line fails', greeting: '\r\n', is: 'fail  / \r\n' },
    {
      name: 'A11: an alert in it is ignored',
      greeting: '* OK [ALERT] call 555\r\n',
      is: 'send a LOGIN "us" "pas"\r\n',
    },
  ])('$name', ({ greeting, is }) => {
    expect(play({}, [greeting])).toEqual([is]);
  });
});

describe('the result', () => {
  const result = (reply: string, login: Login = {}): string | undefined =>
    play(login, [hello, reply]).at(-1);

  it.each([
    {
      name: 'I6: one untagged line goes with it',
      reply: '* CAPABILITY X\r\na OK in\r\n',
      is: 'relay * CAPABILITY X\r\na OK in\r\n',
    },
    { name: 'two untagged lines fail', reply: '* 1\r\n* 2\r\n', is: 'fail * 2 / * 1\r\n* 2\r\n' },
    {
      name: 'I8: NO fails, and the log shows what is behind the tag',
      reply: 'a NO bad\r\n',
      is: 'fail NO bad / a NO bad\r\n',
    },
    {
      name: 'the log does not show the untagged line',
      reply: '* X\r\na BAD y\r\n',
      is: 'fail BAD y / * X\r\na BAD y\r\n',
    },
    { name: 'ok in lower case fails', reply: 'a ok\r\n', is: 'fail ok / a ok\r\n' },
    { name: 'another tag fails', reply: 'b OK\r\n', is: 'fail b OK / b OK\r\n' },
    { name: 'the tag in another case fails', reply: 'A OK\r\n', is: 'fail A OK / A OK\r\n' },
    { name: 'an invitation fails', reply: '+ OK\r\n', is: 'fail + OK / + OK\r\n' },
  ])('$name', ({ reply, is }) => {
    expect(result(reply)).toBe(is);
  });

  it('takes an empty tag', () => {
    expect(result(' OK in\r\n', { tag: ' ' })).toBe('relay  OK in\r\n');
  });
});

describe('an invitation that does not come', () => {
  it('fails at the login', () => {
    expect(play(literal, [hello, 'a NO x\r\n']).at(-1)).toBe('fail a NO x / a NO x\r\n');
  });

  it('fails at the password', () => {
    expect(play(literal, [hello, '+ \r\n', '* X\r\n']).at(-1)).toBe('fail * X / * X\r\n');
  });
});

describe('replyLength', () => {
  const length = (buffer: string, seen: readonly string[] = []): number => {
    let state = start();
    for (const reply of seen) {
      const step = imapUpstreamDialog.step(state, bytes(reply));
      if (step.do === 'send') state = step.state;
    }
    return imapUpstreamDialog.replyLength(state, bytes(buffer));
  };

  it.each([
    { name: 'nothing is not a reply', buffer: '', seen: [], is: 0 },
    { name: 'I2: half a line is not a reply', buffer: '* OK hi\r', seen: [], is: 0 },
    { name: 'I15: a bare LF does not end a line', buffer: '* OK hi\n', seen: [], is: 0 },
    { name: 'I15: a bare LF is part of the line', buffer: '* OK\nhi\r\n', seen: [], is: 9 },
    { name: 'I15: an LF at the start is part of the line', buffer: '\n\r\n', seen: [], is: 3 },
    { name: 'I5: of two replies the first counts', buffer: '* OK hi\r\n+ \r\n', seen: [], is: 9 },
    {
      name: 'the greeting is one line even if another follows',
      buffer: '* OK hi\r\n* X\r\n',
      seen: [],
      is: 9,
    },
    {
      name: 'I6: an untagged line alone is not the result',
      buffer: '* X\r\n',
      seen: [hello],
      is: 0,
    },
    {
      name: 'I6: an untagged line and half a line are not',
      buffer: '* X\r\na OK',
      seen: [hello],
      is: 0,
    },
    {
      name: 'I6: an untagged line and the next are',
      buffer: '* X\r\na OK\r\n',
      seen: [hello],
      is: 11,
    },
    {
      name: 'I7: what follows the result is not part of it',
      buffer: 'a OK\r\n* 1 EXISTS\r\n',
      seen: [hello],
      is: 6,
    },
    { name: 'I9: nor is what follows a refusal', buffer: 'a NO\r\na OK\r\n', seen: [hello], is: 6 },
  ])('$name', ({ buffer, seen, is }) => {
    expect(length(buffer, seen)).toBe(is);
  });
});

it('tells how far it has come, without credentials', () => {
  let state = start(literal);
  const told = [imapUpstreamDialog.progress(state)];
  for (const reply of [hello, '+ \r\n', '+ \r\n']) {
    const step = imapUpstreamDialog.step(state, bytes(reply));
    if (step.do === 'send') state = step.state;
    told.push(imapUpstreamDialog.progress(state));
  }
  expect(told).toEqual([
    'nothing sent',
    'sent LOGIN command',
    'sent LOGIN command, user name',
    'sent LOGIN command, user name, password',
  ]);
});
