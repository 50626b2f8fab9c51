import { describe, expect, it } from 'vitest';
import type { ClientAction, ClientEvent, DialogContext, Reply, Security } from '@postern/core';
import { pop3ClientDialog, type Pop3ClientState } from '../src/client-dialog.js';
import { createCommand, type Pop3Command, type Verb } from '../src/command.js';
import type { Pop3Conf } from '../src/protocol.js';
import { confOf } from './conf.js';
import { bytes, text } from './parse.js';

type Event = ClientEvent<Pop3Command>;

interface Given {
  readonly security?: Security;
  readonly auth?: Pop3Conf['auth'];
}

const bad = '-ERR invalid command\r\n';
const ok = '+OK\r\n';
const all: Pop3Conf['auth'] = ['plain', 'apop', 'cram-md5', 'external'];

function contextOf({ security = 'none', auth = all }: Given): DialogContext<Pop3Conf> {
  let salts = 0;
  return {
    conf: confOf({ auth }),
    serverName: 'mx.test',
    security,
    authzid: 'refuse',
    salt: () => `<${String(++salts)}.2@mx.test>`,
  };
}

const command = (verb: Verb, ...words: readonly string[]): Event => ({
  kind: 'command',
  command: createCommand(verb, words.map(bytes)),
});
const answer = (line: string): Event => ({ kind: 'answer', line: bytes(line) });
const invalid: Event = { kind: 'invalid', command: createCommand(''), fatal: false };
const greet: Event = { kind: 'greet' };
const overflow = (verb: Verb | ''): Event => ({
  kind: 'overflow',
  command: createCommand(verb),
  length: 4096,
});
const refused = (reply: Reply): Event => ({ kind: 'refused', reply });
const replied = (verb: Verb, reply: Reply): Event => ({
  kind: 'replied',
  command: createCommand(verb),
  reply,
});

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

/** What the last of the events led to, after the greeting. */
function play(
  events: readonly Event[],
  given: Given = {},
): { does: string[]; at: Pop3ClientState['at']; expect: string } {
  const context = contextOf(given);
  let { state } = pop3ClientDialog.step(pop3ClientDialog.initial(), greet, context);
  let last = { does: [] as string[], at: state.at, expect: 'command' as string };
  for (const event of events) {
    const step = pop3ClientDialog.step(state, event, context);
    state = step.state;
    last = { does: step.actions.map(shown), at: state.at, expect: step.expect };
  }
  return last;
}

const start = { at: 'start', expect: 'command' };

describe('the greeting', () => {
  it.each([
    { auth: ['plain'], is: '+OK POP3 ready\r\n' },
    { auth: ['external'], is: '+OK POP3 ready\r\n' },
    { auth: ['apop'], is: '+OK POP3 ready <1.2@mx.test>\r\n' },
    { auth: ['plain', 'cram-md5'], is: '+OK POP3 ready <1.2@mx.test>\r\n' },
  ] as const)('of pop3_auth $auth', ({ auth, is }) => {
    const step = pop3ClientDialog.step(pop3ClientDialog.initial(), greet, contextOf({ auth }));
    expect(step.actions.map(shown)).toEqual([is]);
    expect(step.expect).toBe('command');
  });
});

describe('at the start', () => {
  it.each([
    { name: 'answers NOOP', event: command('NOOP', 'x'), does: [ok] },
    { name: 'answers QUIT and closes', event: command('QUIT', 'x'), does: [ok, 'close'] },
    { name: 'refuses STLS where it is not offered', event: command('STLS'), does: [bad] },
    { name: 'refuses USER without a name', event: command('USER'), does: [bad] },
    { name: 'refuses PASS', event: command('PASS', 'p'), does: [bad] },
    { name: 'refuses APOP without a digest', event: command('APOP', 'u'), does: [bad] },
    { name: 'refuses APOP with a word more', event: command('APOP', 'u', 'd', 'x'), does: [bad] },
    {
      name: 'lists the mechanisms at AUTH alone',
      event: command('AUTH'),
      does: ['+OK methods supported:\r\nPLAIN\r\nLOGIN\r\nCRAM-MD5\r\nEXTERNAL\r\n.\r\n'],
    },
    { name: 'knows no mechanism APOP', event: command('AUTH', 'APOP'), does: [bad] },
    {
      name: 'refuses AUTH with three arguments',
      event: command('AUTH', 'PLAIN', 'AHUAcA==', 'x'),
      does: [bad],
    },
    { name: 'refuses an answer that was not asked for', event: answer('YQ=='), does: [bad] },
    {
      name: 'invites to nothing',
      event: { kind: 'invitation', command: createCommand('USER') } as const,
      does: [bad],
    },
    { name: 'counts what the parser refused', event: invalid, does: [bad, 'countError'] },
    {
      name: 'N2: logs length and verb of a command too long, and closes',
      event: overflow('USER'),
      does: ['log client sent too long command "USER" of 4096 bytes', bad, 'close'],
    },
    {
      name: 'logs sentences of SASL before the reply',
      event: command('AUTH', 'PLAIN', '!'),
      does: ['log client sent invalid base64 encoding in AUTH PLAIN command', bad],
    },
  ])('$name', ({ event, does }) => {
    expect(play([event])).toEqual({ does, ...start });
  });

  it.each([
    { name: 'APOP', event: command('APOP', 'u', 'd'), auth: ['plain', 'cram-md5'] },
    { name: 'CRAM-MD5', event: command('AUTH', 'CRAM-MD5'), auth: ['plain', 'apop'] },
    { name: 'EXTERNAL', event: command('AUTH', 'EXTERNAL'), auth: ['plain'] },
    { name: 'EXTERNAL with a name', event: command('AUTH', 'EXTERNAL', 'dQ=='), auth: ['plain'] },
  ] as const)('F8: refuses $name that is not enabled', ({ event, auth }) => {
    expect(play([event], { auth })).toEqual({ does: [bad], ...start });
  });

  it.each([
    {
      name: 'APOP with the challenge of the greeting',
      events: [command('APOP', 'u', 'd')],
      does: 'authenticate apop u d <1.2@mx.test>',
    },
    {
      name: 'PLAIN',
      events: [command('AUTH', 'plain', 'AHUAcA==')],
      does: 'authenticate plain u p -',
    },
    {
      name: 'EXTERNAL',
      events: [command('AUTH', 'EXTERNAL', 'dQ==')],
      does: 'authenticate external u  -',
    },
    {
      name: 'USER and PASS',
      events: [command('USER', 'u'), command('PASS', ' p ')],
      does: 'authenticate plain u  p  -',
    },
  ])('submits the credentials of $name', ({ events, does }) => {
    expect(play(events)).toEqual({ does: [does], ...start });
  });

  it.each([['external'], ['apop']] as const)(
    'accepts USER, PLAIN and LOGIN where pop3_auth is %s',
    (method) => {
      const auth = [method];
      expect(play([command('USER', 'u')], { auth }).does).toEqual([ok]);
      expect(play([command('AUTH', 'PLAIN')], { auth }).does).toEqual(['+ \r\n']);
      expect(play([command('AUTH', 'LOGIN')], { auth }).does).toEqual(['+ VXNlcm5hbWU6\r\n']);
    },
  );

  it('takes APOP for invalid where there was no greeting', () => {
    const { actions } = pop3ClientDialog.step(
      pop3ClientDialog.initial(),
      command('APOP', 'u', 'd'),
      contextOf({}),
    );
    expect(actions.map(shown)).toEqual([bad]);
  });
});

describe('behind USER', () => {
  const user = command('USER', 'u');
  const capa = '+OK Capability list follows\r\nTOP\r\nUSER\r\nUIDL\r\nSASL PLAIN LOGIN\r\n.\r\n';

  it.each([
    { name: 'NOOP', event: command('NOOP'), does: ok },
    { name: 'CAPA, without STLS', event: command('CAPA'), does: capa },
  ])('$name keeps the user', ({ event, does }) => {
    const given = { security: 'offered', auth: ['plain'] } as const;
    expect(play([user, event], given)).toEqual({ does: [does], at: 'user', expect: 'command' });
    expect(play([user, event, command('PASS', 'p')], given).does).toEqual([
      'authenticate plain u p -',
    ]);
  });

  it('QUIT closes', () => {
    expect(play([user, command('QUIT')])).toEqual({ does: [ok, 'close'], ...start });
  });

  it.each([
    { name: 'USER', event: command('USER', 'v') },
    { name: 'PASS without a password', event: command('PASS') },
    { name: 'APOP', event: command('APOP', 'u', 'd') },
    { name: 'AUTH', event: command('AUTH') },
    { name: 'AUTH PLAIN', event: command('AUTH', 'PLAIN', 'AHUAcA==') },
    { name: 'STLS', event: command('STLS') },
  ])('E14: $name is invalid and forgets the user', ({ event }) => {
    const given = { security: 'offered' } as const;
    expect(play([user, event], given)).toEqual({ does: [bad], ...start });
    expect(play([user, event, command('PASS', 'p')], given).does).toEqual([bad]);
  });

  it('what the parser refuses forgets the user, and counts', () => {
    expect(play([user, invalid])).toEqual({ does: [bad, 'countError'], ...start });
    expect(play([user, invalid, command('PASS', 'p')]).does).toEqual([bad]);
  });
});

describe('in each state of TLS', () => {
  it.each(['offered', 'required'] as const)('STLS is accepted where it is %s', (security) => {
    const does = [ok, 'startTls'];
    expect(play([command('STLS', 'x')], { security })).toEqual({ does, ...start });
  });

  it('A7: STLS is refused inside TLS', () => {
    expect(play([command('STLS')], { security: 'active' })).toEqual({ does: [bad], ...start });
  });

  it.each([
    { name: 'USER', event: command('USER', 'u') },
    { name: 'APOP', event: command('APOP', 'u', 'd') },
    { name: 'AUTH alone', event: command('AUTH') },
    { name: 'AUTH PLAIN', event: command('AUTH', 'PLAIN', 'AHUAcA==') },
    { name: 'AUTH CRAM-MD5', event: command('AUTH', 'CRAM-MD5') },
  ])('A12: $name is refused where TLS is demanded', ({ event }) => {
    expect(play([event], { security: 'required' })).toEqual({ does: [bad], ...start });
  });

  it.each(['offered', 'active', 'none'] as const)(
    'USER is accepted where TLS is %s',
    (security) => {
      expect(play([command('USER', 'u')], { security }).does).toEqual([ok]);
    },
  );

  it.each([
    { security: 'none', is: ['USER', 'UIDL', 'SASL PLAIN LOGIN'] },
    { security: 'active', is: ['USER', 'UIDL', 'SASL PLAIN LOGIN'] },
    { security: 'offered', is: ['USER', 'UIDL', 'SASL PLAIN LOGIN', 'STLS'] },
    { security: 'required', is: ['UIDL', 'STLS'] },
  ] as const)('CAPA where TLS is $security', ({ security, is }) => {
    const lines = ['+OK Capability list follows', 'TOP', ...is, '.', ''];
    expect(play([command('CAPA')], { security, auth: ['plain'] }).does).toEqual([
      lines.join('\r\n'),
    ]);
  });

  it.each([
    { name: 'the user', events: [command('USER', 'u')] },
    { name: 'an exchange', events: [command('AUTH', 'LOGIN'), answer('dQ==')] },
  ])('A5: nothing of $name survives STLS but our own challenge', ({ events }) => {
    const context = contextOf({});
    let { state } = pop3ClientDialog.step(pop3ClientDialog.initial(), greet, context);
    for (const event of events) ({ state } = pop3ClientDialog.step(state, event, context));
    expect(pop3ClientDialog.secured(state)).toEqual({ at: 'start', salt: '<1.2@mx.test>' });
  });
});

const digest = Buffer.from(`u ${'0'.repeat(32)}`).toString('base64');
const challenge = (n: number): string =>
  `+ ${Buffer.from(`<${String(n)}.2@mx.test>`).toString('base64')}\r\n`;

describe('in an exchange', () => {
  const plain = command('AUTH', 'PLAIN');
  const login = command('AUTH', 'LOGIN');
  const cram = command('AUTH', 'CRAM-MD5');

  it.each([
    { name: 'PLAIN asks with nothing', events: [plain], does: '+ \r\n' },
    { name: 'LOGIN asks for a user', events: [login], does: '+ VXNlcm5hbWU6\r\n' },
    {
      name: 'LOGIN asks for a password',
      events: [login, answer('dQ==')],
      does: '+ UGFzc3dvcmQ6\r\n',
    },
    { name: 'F4: CRAM-MD5 asks with a new challenge', events: [cram], does: challenge(2) },
    {
      name: 'F4: CRAM-MD5 asks with another the second time',
      events: [cram, answer('*'), cram],
      does: challenge(3),
    },
    {
      name: 'EXTERNAL asks for a user',
      events: [command('AUTH', 'EXTERNAL')],
      does: '+ VXNlcm5hbWU6\r\n',
    },
  ])('$name and waits for one answer', ({ events, does }) => {
    expect(play(events)).toEqual({ does: [does], at: 'exchange', expect: 'answer' });
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
      does: `authenticate cram-md5 u ${'0'.repeat(32)} <2.2@mx.test>`,
    },
  ])('$name submits credentials', ({ events, does }) => {
    expect(play(events)).toEqual({ does: [does], ...start });
  });

  it('F4: APOP has the challenge of the greeting also after CRAM-MD5', () => {
    expect(play([cram, answer('*'), command('APOP', 'u', 'd')]).does).toEqual([
      'authenticate apop u d <1.2@mx.test>',
    ]);
  });

  it.each([
    { name: 'PLAIN', events: [plain] },
    { name: 'LOGIN', events: [login] },
    { name: 'LOGIN', events: [login, answer('dQ==')] },
    { name: 'CRAM-MD5', events: [cram] },
  ])('F1: a star ends $name', ({ name, events }) => {
    const sentence = `log client sent invalid base64 encoding in AUTH ${name} command`;
    expect(play([...events, answer('*')])).toEqual({ does: [sentence, bad], ...start });
  });

  it('F5: a malformed answer to CRAM-MD5 is refused', () => {
    const sentence = 'log client sent invalid CRAM-MD5 hash in AUTH CRAM-MD5 command';
    expect(play([cram, answer('bm9zcGFjZQ==')])).toEqual({ does: [sentence, bad], ...start });
  });

  it('what the parser refuses ends it, and counts', () => {
    expect(play([plain, invalid])).toEqual({ does: [bad, 'countError'], ...start });
  });

  it('N2: an answer too long ends the session, and is not logged', () => {
    expect(play([plain, overflow('')]).does).toEqual([
      'log client sent too long command "" of 4096 bytes',
      bad,
      'close',
    ]);
  });
});

describe('credentials that no POP3 backend can be sent', () => {
  const sentence = 'log client sent a line end or NUL in login or password';
  const base64 = (value: string): string => Buffer.from(value, 'latin1').toString('base64');

  it.each([
    { name: 'PLAIN with CR and LF in the login', events: [plainOf('u\r\nDELE 1', 'p')] },
    { name: 'PLAIN with LF in the password', events: [plainOf('u', 'p\nQUIT')] },
    { name: 'PLAIN with CR in the login', events: [plainOf('u\r', 'p')] },
    {
      name: 'LOGIN with LF in the login',
      events: [command('AUTH', 'LOGIN', base64('u\n')), answer('cA==')],
    },
    {
      name: 'LOGIN with NUL in the password',
      events: [command('AUTH', 'LOGIN', 'dQ=='), answer(base64('p\0'))],
    },
    { name: 'EXTERNAL with LF', events: [command('AUTH', 'EXTERNAL', base64('u\n'))] },
    {
      name: 'CRAM-MD5 with LF in the login',
      events: [command('AUTH', 'CRAM-MD5'), answer(base64(`u\n ${'0'.repeat(32)}`))],
    },
    { name: 'USER with NUL', events: [command('USER', 'u\0'), command('PASS', 'p')] },
    { name: 'PASS with NUL', events: [command('USER', 'u'), command('PASS', '\0')] },
    { name: 'APOP with NUL', events: [command('APOP', 'u\0', 'd')] },
  ])('E13: $name: refused, and nobody is asked', ({ events }) => {
    expect(play(events)).toEqual({ does: [sentence, bad], ...start });
  });

  function plainOf(login: string, secret: string): Event {
    return command('AUTH', 'PLAIN', base64(`\0${login}\0${secret}`));
  }
});

describe('replies from elsewhere', () => {
  const login = [command('USER', 'u'), command('PASS', 'p')];

  it('a refusal leads back to the start: USER must be said again', () => {
    const events = [...login, refused({ status: 'refused', text: 'bad pass' })];
    expect(play(events)).toEqual({ does: ['-ERR bad pass\r\n'], ...start });
    expect(play([...events, command('PASS', 'p')]).does).toEqual([bad]);
  });

  it('F6: after a refused APOP the challenge of the greeting still holds', () => {
    const apop = command('APOP', 'u', 'd');
    expect(play([apop, refused({ status: 'refused', text: 'no' }), apop]).does).toEqual([
      'authenticate apop u d <1.2@mx.test>',
    ]);
  });

  it('a refusal may be empty, and may close', () => {
    const reply = { status: 'refused', text: '', close: true } as const;
    expect(play([...login, refused(reply)]).does).toEqual(['-ERR \r\n', 'close']);
  });

  it('H7: line ends and NUL in a text become spaces', () => {
    const reply = { status: 'refused', text: 'no\r\n+OK in\0x', close: false } as const;
    expect(play([...login, refused(reply)]).does).toEqual(['-ERR no  +OK in x\r\n']);
  });

  it('a text beyond ASCII is sent in UTF-8', () => {
    const [sent = ''] = play([...login, refused({ status: 'refused', text: 'né' })]).does;
    expect(Buffer.from(sent, 'latin1').toString('utf8')).toBe('-ERR né\r\n');
  });

  it.each([
    { status: 'ok', is: '+OK mine\r\n', at: 'user' },
    { status: 'refused', is: '-ERR mine\r\n', at: 'start' },
  ] as const)('a module answers a command with $status', ({ status, is, at }) => {
    const reply = replied('NOOP', { status, text: 'mine' });
    expect(play([reply])).toEqual({ does: [is], ...start });
    expect(play([command('USER', 'u'), reply])).toEqual({ does: [is], at, expect: 'command' });
  });

  it('a module may close', () => {
    const reply = replied('NOOP', { status: 'refused', text: 'go', close: true });
    expect(play([reply]).does).toEqual(['-ERR go\r\n', 'close']);
  });
});
