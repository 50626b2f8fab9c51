import type { ClientAction, ClientEvent, CommandView } from '@postern/core';
import { describe, expect, it } from 'vitest';
import { checkBackendLogin, protocolContract, toBytes } from '../src/index.js';
import { longest, toy } from './toy-protocol.js';

const input = {
  conf: {},
  commands: ['one\r\n', 'two words\r\n'],
  login: 'login barnaby swordfish\r\n',
  longest,
};

type ToyProtocol = typeof toy;

/** The promises that a protocol breaks. */
const brokenBy = (protocol: ToyProtocol): string[] =>
  protocolContract(protocol, input).flatMap(({ name, check }) => {
    try {
      check();
      return [];
    } catch {
      return [name];
    }
  });

const send = (text: string): ClientAction => ({ do: 'send', bytes: toBytes(text) });

/** The toy, but for what it does about one kind of event. */
const doing = (
  kind: ClientEvent<CommandView>['kind'],
  ...actions: readonly ClientAction[]
): ToyProtocol => ({
  ...toy,
  client: {
    ...toy.client,
    step: (state, event, context) =>
      event.kind === kind
        ? { state, expect: 'command', actions }
        : toy.client.step(state, event, context),
  },
});

const forgetful = (): ToyProtocol => ({
  ...toy,
  createParser: () => {
    const parser = toy.createParser({});
    const push = parser.push.bind(parser);
    parser.push = (bytes) => {
      parser.reset();
      push(bytes);
    };
    return parser;
  },
});

/** Sends credentials as they are. */
const trusting: ToyProtocol = {
  ...toy,
  upstream: {
    ...toy.upstream,
    start: ({ login, secret }) => `x LOGIN ${String(login)} ${String(secret?.reveal() ?? '')}`,
  },
};

const breaches = [
  {
    name: 'a parser that loses bytes between pieces',
    protocol: forgetful(),
    breaks: 'reads the same commands in pieces of 1',
  },
  {
    name: 'a constant reply without a line end',
    protocol: { ...toy, replies: { ...toy.replies, internalError: Buffer.from('ERROR') } },
    breaks: 'ends the reply internalError with CRLF, once',
  },
  {
    name: 'a greeting of two lines',
    protocol: doing('greet', send('HELLO\r\nAGAIN\r\n')),
    breaks: 'greets with one line where TLS is none',
  },
  {
    name: 'a greeting that ends the session',
    protocol: doing('greet', send('HELLO\r\n'), { do: 'close' }),
    breaks: 'greets with one line where TLS is required',
  },
  {
    name: 'a reply without a line end',
    protocol: doing('command', send('what')),
    breaks: 'ends every reply to a command with CRLF',
  },
  {
    name: 'a login that does nothing',
    protocol: doing('command', send('what\r\n')),
    breaks: 'lets the client log in',
  },
  {
    name: 'a refusal of two lines',
    protocol: doing('refused', send('NO\r\nOK\r\n')),
    breaks: 'says a refusal with the text "two\\r\\nlines" in one line',
  },
  {
    name: 'a session that goes on after a command that does not end',
    protocol: doing('overflow', send('BAD\r\n')),
    breaks: 'ends the session at a command that does not end, holding and logging nothing of it',
  },
  {
    name: 'a log with what the client sent',
    protocol: doing('overflow', { do: 'log', message: 'too long: swordfish' }, { do: 'close' }),
    breaks: 'ends the session at a command that does not end, holding and logging nothing of it',
  },
  {
    name: 'a state that remembers after STARTTLS',
    protocol: {
      ...toy,
      client: { ...toy.client, secured: () => ({ user: toBytes('barnaby') }) },
    },
    breaks: 'forgets with STARTTLS what the client said in the clear',
  },
  {
    name: 'early bytes in the log as they are',
    protocol: {
      ...toy,
      heldGreeting: {
        delayMs: () => 1,
        early: (bytes: Uint8Array): readonly ClientAction[] => [
          { do: 'log', message: String(Buffer.from(bytes).subarray(0, 9)) },
          send('BAD\r\n'),
          { do: 'close' },
        ],
      },
    },
    breaks: 'turns a client away that does not wait for its greeting, with one line',
  },
  {
    name: 'credentials sent as they are',
    protocol: trusting,
    breaks: 'keeps credentials with "\\r\\nDELE 1" in one command a piece, or refuses them',
  },
];

describe('the contract of protocols', () => {
  it.each([...protocolContract(toy, input)])('is kept by a protocol that $name', ({ check }) => {
    expect(check).not.toThrow();
  });

  it.each(breaches)('is broken by $name', ({ protocol, breaks }) => {
    expect(brokenBy(protocol)).toContain(breaks);
  });

  it('says what was expected and what was found', () => {
    const mute = { ...toy, replies: { ...toy.replies, internalError: Buffer.from('ERROR') } };
    const [first] = protocolContract(mute, input);
    expect(() => first?.check()).toThrow('internalError: expected 3, found -1');
  });

  it('shows the commands in which hostile credentials became more', () => {
    const hostile = { login: toBytes('u\r\nDELE 1'), secret: toBytes('p') };
    expect(() => {
      checkBackendLogin(trusting, input, hostile);
    }).toThrow('the backend\'s answer to "x LOGIN u\\r\\nDELE 1 p\\r\\n": expected one reply');
  });
});
