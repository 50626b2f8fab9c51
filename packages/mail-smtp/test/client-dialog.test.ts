import { describe, expect, it } from 'vitest';
import type { ClientAction, ClientEvent, DialogContext, Reply, Security } from '@postern/core';
import { smtpClientDialog, type SmtpClientState } from '../src/client-dialog.js';
import { bareCommand, createCommand, type SmtpCommand, type Verb } from '../src/command.js';
import type { SmtpConf } from '../src/protocol.js';
import { confOf } from './conf.js';
import { bytes, text } from './parse.js';

type Event = ClientEvent<SmtpCommand>;

const invalidCommand = '500 5.5.1 Invalid command\r\n';
const invalidArgument = '501 5.5.4 Invalid argument\r\n';
const badSequence = '503 5.5.1 Bad sequence of commands\r\n';
const ok = '250 2.0.0 OK\r\n';

const all: SmtpConf['auth'] = ['plain', 'login', 'cram-md5', 'external', 'none'];
const logins: SmtpConf['auth'] = ['plain', 'login'];

const contextOf = (security: Security, auth: SmtpConf['auth']): DialogContext<SmtpConf> => ({
  conf: confOf({ auth }),
  serverName: 'mx.test',
  security,
  authzid: 'refuse',
  salt: () => '<1.2@mx.test>',
});

/** The command that the parser makes of a line, which has no line end here. */
function typed(line: string): Event {
  const [verb = '', ...words] = line.split(' ').filter((word) => word !== '');
  const name = verb.toUpperCase() as Verb;
  return {
    kind: 'command',
    command: createCommand(name, words.map(bytes), bytes(`${line}\r\n`)),
  };
}

const answer = (line: string): Event => ({ kind: 'answer', line: bytes(line) });
const invalid: Event = { kind: 'invalid', command: bareCommand(''), fatal: false };
const refused = (reply: Reply): Event => ({ kind: 'refused', reply });

function shown(action: ClientAction): string {
  switch (action.do) {
    case 'send':
      return text(action.bytes);
    case 'authenticate': {
      const { method, login, secret, salt = '-', envelope } = action.credentials;
      const parts = envelope && [envelope.helo, envelope.from, envelope.to];
      const message = parts?.map((part) => ` <${text(part)}>`).join('') ?? '';
      return `${['authenticate', method, text(login), text(secret), salt].join(' ')}${message}`;
    }
    case 'log':
      return `log ${action.message}`;
    case 'startTls':
    case 'countError':
    case 'close':
      return action.do;
  }
}

interface Situation {
  readonly security?: Security;
  readonly auth?: SmtpConf['auth'];
  readonly state?: SmtpClientState;
}

/** What the last of the events led to. */
function play(
  events: readonly Event[],
  { security = 'none', auth = all, state: first = smtpClientDialog.initial() }: Situation = {},
): { does: string[]; state: SmtpClientState; expect: string } {
  let state = first;
  let last = { does: [] as string[], state, expect: 'command' as string };
  for (const event of events) {
    const step = smtpClientDialog.step(state, event, contextOf(security, auth));
    state = step.state;
    last = { does: step.actions.map(shown), state, expect: step.expect };
  }
  return last;
}

const does = (events: readonly Event[], situation?: Situation): string[] =>
  play(events, situation).does;

describe('commands', () => {
  it.each([
    { name: 'NOOP', line: 'NOOP x', is: [ok] },
    { name: 'RSET', line: 'RSET', is: [ok] },
    { name: 'QUIT', line: 'QUIT x', is: ['221 2.0.0 Bye\r\n', 'close'] },
    { name: 'HELO', line: 'HELO c.test', is: ['250 mx.test\r\n'] },
    { name: 'HELO without a name', line: 'HELO', is: [invalidArgument] },
    { name: 'EHLO without a name', line: 'EHLO', is: [invalidArgument] },
    { name: 'EHLO with two', line: 'EHLO a b', is: [invalidArgument] },
    { name: 'D6: EHLO with NUL', line: 'EHLO a\0b', is: [invalidArgument] },
    { name: 'D6: HELO with a control', line: 'HELO a\x1fb', is: [invalidArgument] },
    { name: 'D6: HELO with DEL and more', line: 'HELO a\x7f\xff', is: ['250 mx.test\r\n'] },
    { name: 'VRFY', line: 'VRFY x', is: [invalidCommand] },
    { name: 'EXPN', line: 'EXPN x', is: [invalidCommand] },
    { name: 'HELP', line: 'HELP', is: [invalidCommand] },
    { name: 'STARTTLS where it is not offered', line: 'STARTTLS', is: [invalidCommand] },
    { name: 'AUTH without a mechanism', line: 'AUTH', is: [invalidArgument] },
    { name: 'AUTH with an unknown one', line: 'AUTH FOO', is: [invalidCommand] },
    { name: 'AUTH with three words', line: 'AUTH PLAIN AHUAcA== x', is: [invalidCommand] },
  ])('$name is answered, and a command is next', ({ line, is }) => {
    const { does: done, expect: next, state } = play([typed(line)]);
    expect({ done, next, at: state.at }).toEqual({ done: is, next: 'command', at: 'commands' });
  });

  it('greets with its name', () => {
    expect(does([{ kind: 'greet' }])).toEqual(['220 mx.test ESMTP ready\r\n']);
  });

  it('counts what the parser refused', () => {
    expect(does([invalid])).toEqual([invalidCommand, 'countError']);
  });

  it('N2: logs length and verb of a command too long, and closes', () => {
    const overflow = { kind: 'overflow', command: bareCommand('MAIL'), length: 4096 } as const;
    expect(does([overflow])).toEqual([
      'log client sent too long command "MAIL" of 4096 bytes',
      invalidCommand,
      'close',
    ]);
  });

  it('refuses an answer and an invitation that were not asked for', () => {
    expect(does([answer('YQ==')])).toEqual([invalidCommand]);
    expect(does([{ kind: 'invitation', command: bareCommand('NOOP') }])).toEqual([invalidCommand]);
  });
});

describe('in each state of TLS', () => {
  it.each([
    { security: 'none', is: '250-mx.test\r\n250 AUTH PLAIN LOGIN\r\n' },
    { security: 'active', is: '250-mx.test\r\n250 AUTH PLAIN LOGIN\r\n' },
    { security: 'offered', is: '250-mx.test\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n' },
    { security: 'required', is: '250-mx.test\r\n250 STARTTLS\r\n' },
  ] as const)('EHLO where it is $security', ({ security, is }) => {
    expect(does([typed('EHLO c')], { security, auth: logins })).toEqual([is]);
  });

  it.each(['offered', 'required'] as const)('STARTTLS is accepted where it is %s', (security) => {
    expect(does([typed('STARTTLS x')], { security })).toEqual([
      '220 2.0.0 Start TLS\r\n',
      'startTls',
    ]);
  });

  it('A7: STARTTLS is refused inside TLS', () => {
    expect(does([typed('STARTTLS')], { security: 'active' })).toEqual([invalidCommand]);
  });

  it.each(['AUTH', 'AUTH PLAIN', 'AUTH PLAIN AHUAcA==', 'AUTH LOGIN'])(
    'A12: %s is refused where TLS is demanded',
    (line) => {
      expect(does([typed(line)], { security: 'required' })).toEqual([invalidCommand]);
    },
  );

  it('A12: MAIL without none is refused where TLS is demanded', () => {
    expect(does([typed('MAIL FROM:<a@b>')], { security: 'required', auth: logins })).toContain(
      '530 5.7.1 Authentication required\r\n',
    );
  });

  it('accepts messages without a login where TLS is demanded, as nginx does', () => {
    expect(does([typed('MAIL FROM:<a@b>')], { security: 'required' })).toEqual([ok]);
  });

  it('A5: keeps of clear text that the client speaks ESMTP, and nothing else', () => {
    const { state } = play([typed('EHLO evil'), typed('MAIL FROM:<a@b>')]);
    const secured = smtpClientDialog.secured(state);
    const first = smtpClientDialog.initial();
    expect(secured).toEqual({ ...first, said: { ...first.said, esmtp: true } });
    expect(does([typed('RCPT TO:<c@d>')], { state: secured })).toEqual([badSequence]);
  });

  it('A5: ends an exchange', () => {
    const { state } = play([typed('AUTH LOGIN')]);
    expect(state.at).toBe('exchange');
    expect(smtpClientDialog.secured(state)).toEqual(smtpClientDialog.initial());
  });
});

describe('a login', () => {
  const challenge = Buffer.from('<1.2@mx.test>').toString('base64');

  it.each([
    { name: 'PLAIN', events: [typed('AUTH plain')], is: '334 \r\n' },
    { name: 'LOGIN', events: [typed('AUTH LOGIN')], is: '334 VXNlcm5hbWU6\r\n' },
    { name: 'its password', events: [typed('AUTH LOGIN dQ==')], is: '334 UGFzc3dvcmQ6\r\n' },
    { name: 'CRAM-MD5', events: [typed('AUTH CRAM-MD5')], is: `334 ${challenge}\r\n` },
    { name: 'EXTERNAL', events: [typed('AUTH EXTERNAL')], is: '334 VXNlcm5hbWU6\r\n' },
  ])('asks for $name', ({ events, is }) => {
    const { does: done, expect: next } = play(events);
    expect({ done, next }).toEqual({ done: [is], next: 'answer' });
  });

  const digest = Buffer.from(`u ${'0'.repeat(32)}`).toString('base64');

  it.each([
    { name: 'PLAIN', events: [typed('AUTH PLAIN'), answer('AHUAcA==')], is: 'plain u p -' },
    { name: 'PLAIN at once', events: [typed('AUTH PLAIN AHUAcA==')], is: 'plain u p -' },
    {
      name: 'LOGIN',
      events: [typed('AUTH LOGIN'), answer('dQ=='), answer('cA==')],
      is: 'plain u p -',
    },
    {
      name: 'CRAM-MD5',
      events: [typed('AUTH CRAM-MD5'), answer(digest)],
      is: `cram-md5 u ${'0'.repeat(32)} <1.2@mx.test>`,
    },
    { name: 'EXTERNAL', events: [typed('AUTH EXTERNAL dQ==')], is: 'external u  -' },
  ])('submits the credentials of $name', ({ events, is }) => {
    const { does: done, expect: next } = play(events);
    expect({ done, next }).toEqual({ done: [`authenticate ${is}`], next: 'command' });
  });

  it.each([
    { name: 'a star at PLAIN', events: [typed('AUTH PLAIN'), answer('*')], mechanism: 'PLAIN' },
    { name: 'a star at LOGIN', events: [typed('AUTH LOGIN'), answer('*')], mechanism: 'LOGIN' },
    {
      name: 'a star at the password',
      events: [typed('AUTH LOGIN dQ=='), answer('*')],
      mechanism: 'LOGIN',
    },
    { name: 'bad base64', events: [typed('AUTH PLAIN !')], mechanism: 'PLAIN' },
  ])('F1, F2: $name ends it, with a line in the log', ({ events, mechanism }) => {
    const { does: done, state } = play(events);
    expect(done).toEqual([
      `log client sent invalid base64 encoding in AUTH ${mechanism} command`,
      invalidCommand,
    ]);
    expect(state).toEqual(smtpClientDialog.initial());
  });

  it.each(['AUTH CRAM-MD5', 'AUTH EXTERNAL', 'AUTH EXTERNAL dQ=='])(
    'F8: %s must be enabled',
    (line) => {
      expect(does([typed(line)], { auth: logins })).toEqual([invalidCommand]);
    },
  );

  it('a wrong line ends it and counts', () => {
    const { does: done, state } = play([typed('AUTH PLAIN'), invalid]);
    expect(done).toEqual([invalidCommand, 'countError']);
    expect(state.at).toBe('commands');
  });

  it('keeps the sender, as nginx does', () => {
    const before = [typed('MAIL FROM:<a@b>'), typed('AUTH PLAIN'), answer('*')];
    expect(does([...before, typed('RCPT TO:<c@d>')])).toEqual([
      'authenticate none   - <> <MAIL FROM:<a@b>> <RCPT TO:<c@d>>',
    ]);
  });
});

describe('a message without a login', () => {
  const hello = typed('EHLO c.test');
  const mail = typed('MAIL FROM:<a@b> SIZE=1');
  const rcpt = typed('RCPT TO:<c@d>');

  it('is submitted with its first recipient', () => {
    expect(does([hello, mail])).toEqual([ok]);
    expect(does([hello, mail, rcpt])).toEqual([
      'authenticate none   - <c.test> <MAIL FROM:<a@b> SIZE=1> <RCPT TO:<c@d>>',
    ]);
  });

  it('is told as typed, without spaces at the end', () => {
    expect(does([typed('mail   x   y  '), typed('rcpt z ')])).toEqual([
      'authenticate none   - <> <mail   x   y> <rcpt z>',
    ]);
  });

  it.each([
    { name: 'a second sender', events: [mail, mail], is: badSequence },
    { name: 'a second sender without argument', events: [mail, typed('MAIL')], is: badSequence },
    { name: 'a sender without argument', events: [typed('MAIL')], is: invalidArgument },
    { name: 'a recipient without sender', events: [rcpt], is: badSequence },
    { name: 'a recipient after RSET', events: [mail, typed('RSET'), rcpt], is: badSequence },
    { name: 'a recipient after HELO', events: [mail, typed('HELO x'), rcpt], is: badSequence },
    { name: 'a recipient without argument', events: [mail, typed('RCPT')], is: invalidArgument },
    { name: 'D6: a sender with NUL', events: [typed('MAIL FROM:<\0>')], is: invalidArgument },
    { name: 'D7: a sender with a tab', events: [typed('MAIL FROM:<>\tX')], is: invalidArgument },
    { name: 'D6: a recipient with ESC', events: [mail, typed('RCPT \x1b')], is: invalidArgument },
  ])('D5: $name is refused', ({ events, is }) => {
    expect(does(events)).toEqual([is]);
  });

  it('keeps the sender where HELO is refused', () => {
    expect(does([mail, typed('HELO'), rcpt])[0]).toContain('authenticate none');
  });

  it('D4: takes nothing of a failed login with it', () => {
    const failed = [typed('AUTH LOGIN'), answer('dXNlcg=='), answer('*'), typed('AUTH CRAM-MD5')];
    const events = [...failed, answer('bm9zcGFjZQ=='), mail, rcpt];
    expect(does(events)).toEqual([
      'authenticate none   - <> <MAIL FROM:<a@b> SIZE=1> <RCPT TO:<c@d>>',
    ]);
  });

  it('survives a refusal, so that another recipient may come', () => {
    const no = refused({ status: 'refused', text: 'no' });
    expect(does([mail, rcpt, no])).toEqual(['535 5.7.0 no\r\n']);
    expect(does([mail, rcpt, no, typed('RCPT TO:<e@f>')])).toEqual([
      'authenticate none   - <> <MAIL FROM:<a@b> SIZE=1> <RCPT TO:<e@f>>',
    ]);
  });

  it('without none is refused, and the log has the command', () => {
    expect(does([mail], { auth: logins })).toEqual([
      'log client was rejected: "MAIL FROM:<a@b> SIZE=1__"',
      '530 5.7.1 Authentication required\r\n',
    ]);
    expect(does([mail, rcpt], { auth: logins })).toEqual([badSequence]);
  });

  it('N6: the log escapes what could end its line, and is cut at 256 bytes', () => {
    const [log] = does([typed(`MAIL \0\x1b${'a'.repeat(4000)}`)], { auth: logins });
    expect(log).toBe(`log client was rejected: "MAIL \\x00\\x1B${'a'.repeat(243)}"`);
  });
});

describe('what is remembered of HELO and EHLO', () => {
  it.each([
    { name: 'HELO alone', lines: ['HELO a'], is: { helo: 'a', esmtp: false } },
    { name: 'EHLO', lines: ['EHLO a'], is: { helo: 'a', esmtp: true } },
    { name: 'HELO after EHLO', lines: ['EHLO a', 'HELO b'], is: { helo: 'b', esmtp: true } },
    { name: 'EHLO that was refused', lines: ['HELO a', 'EHLO'], is: { helo: 'a', esmtp: false } },
  ])('$name', ({ lines, is }) => {
    const { helo, esmtp } = play(lines.map(typed)).state.said;
    expect({ helo: text(helo), esmtp }).toEqual(is);
  });
});

describe('replies from elsewhere', () => {
  const login = typed('AUTH PLAIN AHUAcA==');

  it.each([
    { name: 'has nginx’s code', reply: { text: 'no' }, is: ['535 5.7.0 no\r\n'] },
    {
      name: 'may have another',
      reply: { text: 'later', code: '451 4.3.0' },
      is: ['451 4.3.0 later\r\n'],
    },
    { name: 'may be empty', reply: { text: '' }, is: ['535 5.7.0 \r\n'] },
    { name: 'may close', reply: { text: 'no', close: true }, is: ['535 5.7.0 no\r\n', 'close'] },
    {
      name: 'H7: is one line',
      reply: { text: 'no\r\n235 in\0x', code: '5\r\n35' },
      is: ['5  35 no  235 in x\r\n'],
    },
  ])('a refusal $name', ({ reply, is }) => {
    expect(does([login, refused({ status: 'refused', ...reply })])).toEqual(is);
  });

  it('a text beyond ASCII is sent in UTF-8', () => {
    const [sent = ''] = does([login, refused({ status: 'refused', text: 'né' })]);
    expect(Buffer.from(sent, 'latin1').toString('utf8')).toBe('535 5.7.0 né\r\n');
  });

  it.each([
    { name: 'ok', reply: { status: 'ok', text: 'mine' }, is: '250 2.0.0 mine\r\n' },
    { name: 'refused', reply: { status: 'refused', text: 'mine' }, is: '550 5.7.1 mine\r\n' },
    {
      name: 'a code of its own',
      reply: { status: 'refused', text: 'wait', code: '450 4.7.1' },
      is: '450 4.7.1 wait\r\n',
    },
  ] as const)('a module answers a command with $name', ({ reply, is }) => {
    expect(does([{ kind: 'replied', command: bareCommand('RCPT'), reply }])).toEqual([is]);
  });
});
