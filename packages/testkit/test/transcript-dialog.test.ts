import { lineText } from '@postern/core';
import { describe, expect, it } from 'vitest';
import {
  formatDifferences,
  parseTranscript,
  runAgainstDialog,
  toBytes,
  toText,
} from '../src/index.js';
import { toy } from './toy-protocol.js';

const run = async (text: string, protocol = toy) =>
  formatDifferences(
    (await runAgainstDialog(protocol, parseTranscript(text), { conf: {} })).differences,
  );

const right = [
  { name: 'a greeting and an echo', text: 'S: HELLO\nC: one\nS: one\n' },
  {
    name: 'commands in one segment',
    text: 'S: HELLO\n@together\nC: one\nC: two\nS: one\nS: two\n',
  },
  { name: 'bytes one by one', text: '@split 1\nS: HELLO\nC: one\nS: one\n' },
  { name: 'a command in two pieces', text: 'S: HELLO\nC: on\\\nC: e\nS: one\n' },
  { name: 'a close', text: 'S: HELLO\nC: bye\nS: BYE\n@expect-close\n' },
  {
    name: 'too many errors',
    text: '@conf max_errors 1;\nS: HELLO\nC: bad\nS: BAD\n@expect-close\n',
  },
  {
    name: 'a login, pipelined commands and relayed bytes',
    text: `S: HELLO
@together
C: login u p
C: y NOOP
A: Auth-User: u
A: Auth-Pass: p
R: Auth-Server: 127.0.0.1
R: Auth-Port: {port}
B: * OK
U: x LOGIN u p
B: x OK
S: x OK
U: y NOOP
B: y OK
S: y OK
@backend-close
@expect-close
`,
  },
  {
    name: 'a login with the backend that is always there',
    text: 'S: HELLO\nC: login u p\nS: x OK logged in\nC: y NOOP\nS: y OK done\nU: x LOGIN u p\nU: y NOOP\n',
  },
  {
    name: 'other credentials from the auth service',
    text: 'S: HELLO\nC: login u p\nR: Auth-Server: ::1\nR: Auth-Port: 1\nR: Auth-User: v\nR: Auth-Pass: w\nS: x OK logged in\nU: x LOGIN v w\n',
  },
  {
    name: 'a refusal with a wait and a second attempt',
    text: 'S: HELLO\nC: login u p\nR: Auth-Status: no\nR: Auth-Wait: 1\nS: NO no\nC: login u q\nA: Auth-Login-Attempt: 2\nS: x OK logged in\n',
  },
  {
    name: 'a refusal without a wait',
    text: 'S: HELLO\nC: login u p\nR: Auth-Status: no\nS: NO no\n@expect-close\n',
  },
  {
    name: 'an answer without a backend',
    text: 'S: HELLO\nC: login u p\nR: Auth-Status: OK\nS: ERROR\n@expect-close\n',
  },
  {
    name: 'a backend that says too much',
    text: 'S: HELLO\nC: login u p\nB: * OK\\r\\nmore\nS: ERROR\n@expect-close\n',
  },
  {
    name: 'a whole auth request',
    text: 'S: HELLO\n@auth-exact\nC: login u p\nA: GET /auth HTTP/1.0\nA: Host: 127.0.0.1\nA: Auth-Method: plain\nA: Auth-User: u\nA: Auth-Pass: p\nA: Auth-Protocol: toy\nA: Auth-Login-Attempt: 1\nA: Client-IP: 127.0.0.1\nS: x OK logged in\n',
  },
];

/** The toy as a protocol in which clients are named, may be held back, and need no password. */
const named: typeof toy = {
  ...toy,
  needsSecret: false,
  namesClient: true,
  heldGreeting: {
    delayMs: () => 1,
    early: () => [{ do: 'send', bytes: toBytes('TOO EARLY\r\n') }, { do: 'close' }],
  },
  client: {
    ...toy.client,
    step: (state, event, context) => {
      const step = { state, expect: 'command' as const };
      if (event.kind === 'refused') {
        const { code = 'NO', text } = event.reply;
        const bytes = toBytes(`${code} ${toText(lineText(text))}\r\n`);
        return { ...step, actions: [{ do: 'send', bytes }] };
      }
      if (event.kind !== 'command' || event.command.text !== 'mail') {
        return toy.client.step(state, event, context);
      }
      const envelope = { helo: toBytes(''), from: toBytes('mail a'), to: toBytes('rcpt b') };
      const [login, secret] = [toBytes(''), toBytes('')];
      const credentials = { method: 'none', login, secret, envelope } as const;
      return { ...step, actions: [{ do: 'authenticate', credentials }] };
    },
  },
};

const namedCases = [
  {
    name: 'the whole request of a client that does not log in',
    text: `S: HELLO
@auth-exact
C: mail
A: GET /auth HTTP/1.0
A: Host: 127.0.0.1
A: Auth-Method: none
A: Auth-User:\\x20
A: Auth-Pass:\\x20
A: Auth-Protocol: toy
A: Auth-Login-Attempt: 1
A: Client-IP: 127.0.0.1
A: Client-Host: [UNAVAILABLE]
A: Auth-SMTP-Helo:\\x20
A: Auth-SMTP-From: mail a
A: Auth-SMTP-To: rcpt b
S: x OK logged in
`,
  },
  {
    name: 'a refusal with a code of the auth service',
    text: 'S: HELLO\nC: mail\nR: Auth-Status: no\nR: Auth-Error-Code: 450 4.1\nS: 450 4.1 no\n@expect-close\n',
  },
  {
    name: 'an empty status as no refusal',
    text: 'S: HELLO\nC: mail\nR: Auth-Status:\nR: Auth-Server: ::1\nR: Auth-Port: 1\nS: x OK logged in\n',
  },
  { name: 'a client that waits for a greeting held back', text: 'S: HELLO\nC: one\nS: one\n' },
  {
    name: 'a client that does not wait for its greeting',
    text: 'C: one\nS: TOO EARLY\n@expect-close\n',
  },
  { name: 'a client that leaves before its greeting', text: '@close\n' },
];

/** The toy, asking its backend for TLS first where it is told to. */
const upgrading: typeof toy = {
  ...toy,
  upstream: {
    ...toy.upstream,
    start: (login) => `${login.startTls ? 'ask ' : ''}${toy.upstream.start(login)}`,
    step: (state, reply) => {
      if (!state.startsWith('ask ')) return toy.upstream.step(state, reply);
      const later = state.slice('ask '.length);
      if (!later.startsWith('asked ')) {
        const bytes = toBytes('STARTTLS\r\n');
        return { do: 'send', state: `ask asked ${later}`, bytes, while: 'asking for TLS' };
      }
      if (reply[0] !== 0x2b) return { do: 'abort', message: 'no TLS' };
      return { do: 'startTls', state: later.slice('asked '.length) };
    },
    secured: (state) => toy.upstream.step(state, toBytes('')),
  },
};

const upgradingCases = [
  {
    name: 'a backend that agrees to TLS',
    order: ['B: hi', 'U: STARTTLS', 'B: +', 'U: x LOGIN u p', 'B: y', 'S: y'],
  },
  {
    name: 'a backend that refuses TLS',
    order: ['B: hi', 'U: STARTTLS', 'B: -', 'S: ERROR', '@expect-close'],
  },
  {
    name: 'a backend that says something in the clear behind its agreement',
    order: ['B: hi', 'U: STARTTLS', 'B: +\\r\\nmore', 'S: ERROR', '@expect-close'],
  },
];

const wrong = [
  {
    name: 'another line',
    text: 'S: HOLA\n',
    is: 'line 1, client\n  - expected: HOLA\n  + received: HELLO\n',
  },
  {
    name: 'a line too little',
    text: 'S: HELLO\nS: AGAIN\n',
    is: 'line 2, client\n  - expected: AGAIN\n',
  },
  {
    name: 'a line too much',
    text: 'S: HELLO\nC: one\n',
    is: 'line 3, client\n  - expected: nothing more\n  + received: one\\r\\n\n',
  },
  {
    name: 'a close that does not come',
    text: 'S: HELLO\n@expect-close\n',
    is: 'line 2, close\n  - expected: the proxy closes\n',
  },
  {
    name: 'a close that was not expected',
    text: 'S: HELLO\nC: bye\nS: BYE\n',
    is: 'line 4, close\n  - expected: still open\n  + received: closed\n',
  },
  {
    name: 'a line before the close',
    text: 'S: HELLO\nC: bye\n@expect-close\n',
    is: 'expected: nothing more\n  + received: BYE\\r\\n',
  },
  {
    name: 'a header that was not sent',
    text: 'S: HELLO\nC: login u p\nA: Auth-User: v\nS: x OK logged in\n',
    is: 'line 3, auth\n  - expected: Auth-User: v\n',
  },
  {
    name: 'a request that was not made',
    text: 'S: HELLO\nA: Auth-User: v\n',
    is: 'line 2, auth\n  - expected: a request\n  + received: none\n',
  },
  {
    name: 'a request that should not be made',
    text: '@no-auth\nS: HELLO\nC: login u p\nS: x OK logged in\n',
    is: 'auth\n  - expected: no request\n',
  },
  {
    name: 'another line at the backend',
    text: 'S: HELLO\nC: login u p\nS: x OK logged in\nU: x LOGIN u q\n',
    is: 'line 4, backend\n  - expected: x LOGIN u q\n  + received: x LOGIN u p\n',
  },
  {
    name: 'a line too much at the backend',
    text: 'S: HELLO\n@together\nC: login u p\nC: y\nS: x OK logged in\nS: y OK done\nU: x LOGIN u p\n',
    is: 'backend\n  - expected: nothing more\n  + received: y\\r\\n',
  },
  {
    name: 'a backend that was not asked',
    text: 'S: HELLO\nU: x\n',
    is: 'line 2, backend\n  - expected: x\n',
  },
  {
    name: 'an auth request that is not the whole one',
    text: '@auth-exact\nS: HELLO\nC: login u p\nA: GET /auth HTTP/1.0\nA: Host: other\nS: x OK logged in\n',
    is: 'line 5, auth\n  - expected: Host: other\n  + received: Host: 127.0.0.1\n',
  },
];

describe('a run against dialogs', () => {
  it.each(right)('accepts $name', async ({ text }) => {
    expect(await run(text)).toBe('');
  });

  it.each(wrong)('reports $name', async ({ text, is }) => {
    expect(await run(text)).toContain(is);
  });

  it.each(namedCases)('accepts $name', async ({ text }) => {
    expect(await run(text, named)).toBe('');
  });

  it.each(upgradingCases)('accepts $name', async ({ order }) => {
    const start = ['@conf proxy_ssl starttls;', 'S: HELLO', 'C: login u p'];
    expect(await run([...start, ...order, ''].join('\n'), upgrading)).toBe('');
  });

  it('says which transcripts only a listener can show', async () => {
    const text = 'S: HELLO\nC: login u p\nR: HTTP/1.0 500 Bad\nS: ERROR\n';
    const outcome = await runAgainstDialog(toy, parseTranscript(text), { conf: {} });
    expect(outcome.beyond).toBe('line 3 is about the form of an HTTP answer');
  });

  it('takes the configuration from the directives where it is asked to', async () => {
    const seen: (readonly string[])[] = [];
    await runAgainstDialog(toy, parseTranscript('@conf a b;\nS: HELLO\n'), {
      conf: (directives) => {
        seen.push(directives);
        return {};
      },
    });
    expect(seen).toEqual([['a b;']]);
  });
});
