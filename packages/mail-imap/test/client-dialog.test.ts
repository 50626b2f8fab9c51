import { describe, expect, it } from 'vitest';
import type { ClientAction, ClientEvent, DialogContext, Reply, Security } from '@postern/core';
import { imapClientDialog, type ImapClientState } from '../src/client-dialog.js';
import { bareCommand, createCommand, type ImapCommand, type Verb } from '../src/command.js';
import type { ImapConf } from '../src/protocol.js';
import { confOf } from './conf.js';
import { bytes, text } from './parse.js';

type Event = ClientEvent<ImapCommand>;

const bad = 'BAD invalid command';

const contextOf = (security: Security, auth: ImapConf['auth']): DialogContext<ImapConf> => ({
  conf: confOf({ auth }),
  serverName: 'mx.test',
  security,
  authzid: 'refuse',
  salt: () => '<1.2@mx.test>',
});

const all: ImapConf['auth'] = ['plain', 'login', 'cram-md5', 'external'];

function command(verb: Verb, ...words: readonly string[]): Event {
  return { kind: 'command', command: createCommand(bytes('a '), verb, words.map(bytes)) };
}

const answer = (line: string): Event => ({ kind: 'answer', line: bytes(line) });
const invitationTo = (verb: Verb): Event => ({
  kind: 'invitation',
  command: bareCommand(bytes('a '), verb),
});
const invalid = (tag: string, fatal = false): Event => ({
  kind: 'invalid',
  command: bareCommand(bytes(tag), ''),
  fatal,
});
const greet: Event = { kind: 'greet' };
const overflow = (command: ImapCommand, length: number): Event => ({
  kind: 'overflow',
  command,
  length,
});
const refused = (reply: Reply): Event => ({ kind: 'refused', reply });

function shown(action: ClientAction): string {
  switch (action.do) {
    case 'send':
      return text(action.bytes);
    case 'authenticate': {
      const { method, login, secret, salt = '-' } = action.credentials;
      return ['authenticate', method, text(login), text(secret), salt].join(' ');
    }
    case 'log':
      return `log ${action.message}`;
    case 'startTls':
    case 'countError':
    case 'close':
      return action.do;
  }
}

/** What the last of the events led to. */
function play(
  events: readonly Event[],
  { security = 'none', auth = all }: { security?: Security; auth?: ImapConf['auth'] } = {},
): { does: string[]; at: ImapClientState['at']; expect: string } {
  let state = imapClientDialog.initial();
  let last = { does: [] as string[], at: state.at, expect: 'command' as string };
  for (const event of events) {
    const step = imapClientDialog.step(state, event, contextOf(security, auth));
    state = step.state;
    last = { does: step.actions.map(shown), at: state.at, expect: step.expect };
  }
  return last;
}

const start = { at: 'start', expect: 'command' };

describe('at the start', () => {
  it.each([
    { name: 'greets', event: greet, does: ['* OK IMAP4 ready\r\n'] },
    { name: 'answers NOOP', event: command('NOOP', 'x'), does: ['a OK completed\r\n'] },
    {
      name: 'says BYE and the result in one write, and closes',
      event: command('LOGOUT'),
      does: ['* BYE\r\na OK completed\r\n', 'close'],
    },
    {
      name: 'refuses STARTTLS where it is not offered',
      event: command('STARTTLS'),
      does: [`a ${bad}\r\n`],
    },
    { name: 'refuses LOGIN without arguments', event: command('LOGIN'), does: [`a ${bad}\r\n`] },
    {
      name: 'refuses LOGIN with one argument',
      event: command('LOGIN', 'u'),
      does: [`a ${bad}\r\n`],
    },
    {
      name: 'refuses LOGIN with three arguments',
      event: command('LOGIN', 'u', 'p', 'q'),
      does: [`a ${bad}\r\n`],
    },
    {
      name: 'E4: refuses LOGIN with an empty user',
      event: command('LOGIN', '', 'p'),
      does: [`a ${bad}\r\n`],
    },
    {
      name: 'refuses AUTHENTICATE without a mechanism',
      event: command('AUTHENTICATE'),
      does: [`a ${bad}\r\n`],
    },
    {
      name: 'refuses an answer that was not asked for',
      event: answer('YQ=='),
      does: [`* ${bad}\r\n`],
    },
    {
      name: 'counts what the parser refused',
      event: invalid('a '),
      does: [`a ${bad}\r\n`, 'countError'],
    },
    {
      name: 'answers with a star where there is no tag',
      event: invalid(''),
      does: [`* ${bad}\r\n`, 'countError'],
    },
    {
      name: 'answers an empty tag with a space',
      event: invalid(' '),
      does: [` ${bad}\r\n`, 'countError'],
    },
    {
      name: 'E3: ends behind a literal that was refused',
      event: invalid('a ', true),
      does: [`a ${bad}\r\n`, 'countError', 'close'],
    },
    {
      name: 'N2: logs length and verb of a command too long, and closes',
      event: overflow(bareCommand(bytes('a '), 'LOGIN'), 4096),
      does: ['log client sent too long command "LOGIN" of 4096 bytes', `a ${bad}\r\n`, 'close'],
    },
    {
      name: 'logs sentences of SASL before the reply',
      event: command('AUTHENTICATE', 'PLAIN', '!'),
      does: ['log client sent invalid base64 encoding in AUTH PLAIN command', `a ${bad}\r\n`],
    },
  ])('$name', ({ event, does }) => {
    expect(play([event])).toEqual({ does, ...start });
  });

  it('keeps an open command open while it invites', () => {
    expect(play([invitationTo('LOGIN')])).toEqual({
      does: ['+ OK\r\n'],
      at: 'start',
      expect: 'rest',
    });
  });

  it.each([
    { name: 'LOGIN', event: command('LOGIN', 'u', ''), does: 'authenticate plain u  -' },
    {
      name: 'PLAIN',
      event: command('AUTHENTICATE', 'plain', 'AHUAcA=='),
      does: 'authenticate plain u p -',
    },
    {
      name: 'EXTERNAL',
      event: command('AUTHENTICATE', 'EXTERNAL', 'dQ=='),
      does: 'authenticate external u  -',
    },
  ])('submits the credentials of $name', ({ event, does }) => {
    expect(play([event])).toEqual({ does: [does], at: 'submitted', expect: 'command' });
  });
});

describe('in each state of TLS', () => {
  it.each([
    {
      name: 'STARTTLS is accepted where it is offered',
      security: 'offered',
      event: command('STARTTLS'),
      does: ['a OK completed\r\n', 'startTls'],
    },
    {
      name: 'STARTTLS is accepted where it is demanded',
      security: 'required',
      event: command('STARTTLS', 'x'),
      does: ['a OK completed\r\n', 'startTls'],
    },
    {
      name: 'A7: STARTTLS is refused inside TLS',
      security: 'active',
      event: command('STARTTLS'),
      does: [`a ${bad}\r\n`],
    },
    {
      name: 'A12: LOGIN is refused where TLS is demanded',
      security: 'required',
      event: command('LOGIN', 'u', 'p'),
      does: [`a ${bad}\r\n`],
    },
    {
      name: 'A12: AUTHENTICATE is refused where TLS is demanded',
      security: 'required',
      event: command('AUTHENTICATE', 'PLAIN', 'AHUAcA=='),
      does: [`a ${bad}\r\n`],
    },
    {
      name: 'A12: a literal of LOGIN is not invited where TLS is demanded',
      security: 'required',
      event: invitationTo('LOGIN'),
      does: [`a ${bad}\r\n`],
    },
    {
      name: 'A12: a literal of AUTHENTICATE is not invited there',
      security: 'required',
      event: invitationTo('AUTHENTICATE'),
      does: [`a ${bad}\r\n`],
    },
  ] as const)('$name', ({ security, event, does }) => {
    expect(play([event], { security })).toEqual({ does, ...start });
  });

  it('A12: a literal of another command is invited where TLS is demanded', () => {
    expect(play([invitationTo('NOOP')], { security: 'required' }).does).toEqual(['+ OK\r\n']);
  });

  it.each(['offered', 'active', 'none'] as const)(
    'LOGIN is accepted where TLS is %s',
    (security) => {
      expect(play([command('LOGIN', 'u', 'p')], { security }).at).toBe('submitted');
    },
  );

  it.each([
    { security: 'none', is: 'AUTH=PLAIN' },
    { security: 'active', is: 'AUTH=PLAIN' },
    { security: 'offered', is: 'AUTH=PLAIN STARTTLS' },
    { security: 'required', is: 'STARTTLS LOGINDISABLED' },
  ] as const)('CAPABILITY where TLS is $security', ({ security, is }) => {
    const line = `* CAPABILITY IMAP4 IMAP4rev1 UIDPLUS ${is}\r\na OK completed\r\n`;
    expect(play([command('CAPABILITY')], { security, auth: ['plain'] }).does).toEqual([line]);
  });

  it('A5: nothing of an exchange survives STARTTLS', () => {
    const { state } = imapClientDialog.step(
      imapClientDialog.initial(),
      command('AUTHENTICATE', 'LOGIN'),
      contextOf('none', all),
    );
    expect(imapClientDialog.secured(state)).toEqual(imapClientDialog.initial());
  });
});

describe('in an exchange', () => {
  const plain = command('AUTHENTICATE', 'PLAIN');
  const login = command('AUTHENTICATE', 'LOGIN');
  const cram = command('AUTHENTICATE', 'CRAM-MD5');
  const digest = Buffer.from(`u ${'0'.repeat(32)}`).toString('base64');

  it.each([
    { name: 'PLAIN asks with nothing', events: [plain], does: '+ \r\n' },
    { name: 'LOGIN asks for a user', events: [login], does: '+ VXNlcm5hbWU6\r\n' },
    {
      name: 'LOGIN asks for a password',
      events: [login, answer('dQ==')],
      does: '+ UGFzc3dvcmQ6\r\n',
    },
    {
      name: 'CRAM-MD5 asks with a challenge',
      events: [cram],
      does: `+ ${Buffer.from('<1.2@mx.test>').toString('base64')}\r\n`,
    },
    {
      name: 'EXTERNAL asks for a user',
      events: [command('AUTHENTICATE', 'EXTERNAL')],
      does: '+ VXNlcm5hbWU6\r\n',
    },
    { name: 'a literal is invited', events: [plain, invitationTo('NOOP')], does: '+ OK\r\n' },
  ])('$name and the exchange goes on', ({ events, does }) => {
    const last = play(events);
    expect(last.does).toEqual([does]);
    expect(last.at).toBe('exchange');
  });

  it.each([
    { name: 'PLAIN', events: [plain, answer('AHUAcA==')], does: 'authenticate plain u p -' },
    {
      name: 'LOGIN',
      events: [login, answer('dQ=='), answer('cA==')],
      does: 'authenticate plain u p -',
    },
    {
      name: 'CRAM-MD5',
      events: [cram, answer(digest)],
      does: `authenticate cram-md5 u ${'0'.repeat(32)} <1.2@mx.test>`,
    },
  ])('$name submits credentials', ({ events, does }) => {
    expect(play(events)).toEqual({ does: [does], at: 'submitted', expect: 'command' });
  });

  it('F1: an abort of the user or the password is answered with the tag (dev-6)', () => {
    const sentence = 'log client sent invalid base64 encoding in AUTH LOGIN command';
    const does = [sentence, `a ${bad}\r\n`];
    expect(play([login, answer('*')])).toEqual({ does, ...start });
    expect(play([login, answer('dQ=='), answer('*')])).toEqual({ does, ...start });
  });

  it('what the parser refuses ends it, is answered with the tag and counted', () => {
    expect(play([plain, invalid('')])).toEqual({ does: [`a ${bad}\r\n`, 'countError'], ...start });
  });

  it('an answer too long is answered with the tag', () => {
    expect(play([plain, overflow(bareCommand(bytes(''), ''), 64)]).does).toEqual([
      'log client sent too long command "" of 64 bytes',
      `a ${bad}\r\n`,
      'close',
    ]);
  });
});

describe('replies from elsewhere', () => {
  const login = command('LOGIN', 'u', 'p');
  const noop = command('NOOP');

  it('a refusal bears the tag of the login, and commands go on', () => {
    expect(play([login, refused({ status: 'refused', text: 'bad pass' })])).toEqual({
      does: ['a NO bad pass\r\n'],
      ...start,
    });
  });

  it('a refusal may be empty, and may close', () => {
    expect(play([login, refused({ status: 'refused', text: '', close: true })]).does).toEqual([
      'a NO \r\n',
      'close',
    ]);
  });

  it('H7: line ends and NUL in a text become spaces', () => {
    const reply = { status: 'refused', text: 'no\r\na OK in\0x', close: false } as const;
    expect(play([login, refused(reply)]).does).toEqual(['a NO no  a OK in x\r\n']);
  });

  it('a text beyond ASCII is sent in UTF-8', () => {
    const [sent = ''] = play([login, refused({ status: 'refused', text: 'né' })]).does;
    expect(Buffer.from(sent, 'latin1').toString('utf8')).toBe('a NO né\r\n');
  });

  it.each([
    { status: 'ok', is: 'a OK mine\r\n' },
    { status: 'refused', is: 'a NO mine\r\n' },
  ] as const)('a module answers a command with $status', ({ status, is }) => {
    if (noop.kind !== 'command') return expect.unreachable();
    const replied: Event = {
      kind: 'replied',
      command: noop.command,
      reply: { status, text: 'mine' },
    };
    expect(play([replied])).toEqual({ does: [is], ...start });
  });
});
