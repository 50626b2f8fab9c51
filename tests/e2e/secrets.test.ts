/** Passwords are in no log: a unique one goes through everything that can become of it, with a log at level debug. */
import { randomBytes } from 'node:crypto';
import { acceptLogin, connectClient, refuseLogin, startScriptedBackend } from '@postern/testkit';
import type { AuthAnswer, ScriptedPeer } from '@postern/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Account } from './accounts.js';
import { disguisesOf } from './disguises.js';
import { letterTo } from './message.js';
import { credentials, runClient, waysToLogIn } from './python.js';
import { setStage, type Stage } from './stage.js';
import { until } from './until.js';

/** Letters and digits, so that no escaping hides it; what stands around it in the password is there to be escaped. */
const canary = `Canary${randomBytes(12).toString('hex')}`;
const holder: Account = {
  trait: 'a unique password',
  user: 'holder',
  password: `% "${canary}\\ %`,
  home: 'holder',
};
const login = `a LOGIN holder "% \\"${canary}\\\\ %"\r\n`;
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

let stage: Stage;

beforeAll(async () => {
  stage = await setStage({ people: [holder], logLevel: 'debug' });
  stage.dovecot.deliver(holder, letterTo('holder'));
  return () => stage.stop();
});

/** Says `text` to the proxy, waits until it closes the connection and gives what it said. */
async function say(text: string): Promise<string> {
  const client = await connectClient(stage.front.port, { deadlineMs: 30_000 });
  await client.send(text);
  return client.readToEnd().finally(() => client.close());
}

function logInWhileAuthSays(answer: AuthAnswer): Promise<string> {
  stage.auth.answerWith(() => answer);
  return say(login);
}

/** Logs in at a backend that lets the whole LOGIN come and then says `reply`. */
async function logInWhileBackendSays(reply: string): Promise<string> {
  const backend = await startScriptedBackend(async (proxy: ScriptedPeer) => {
    await proxy.sendLine('* OK ready');
    while ((await proxy.line()).endsWith('}')) await proxy.sendLine('+ go on');
    await proxy.sendLine(reply);
  });
  return logInWhileAuthSays(acceptLogin(backend.port)).finally(() => backend.close());
}

/** Breaks the connection off while the auth service thinks. */
async function leaveWhileAuthThinks(): Promise<string> {
  stage.auth.answerWith(() => ({ hang: true }));
  const asked = stage.auth.count;
  const client = await connectClient(stage.front.port);
  await client.send(login);
  await until('auth request', () => stage.auth.count > asked);
  client.reset();
  await client.ended;
  return client.received;
}

interface Fate {
  readonly name: string;
  readonly happens: () => Promise<string>;
  /** What the client sees at least. */
  readonly seen: string;
  /** What the log then says. */
  readonly logged: string;
}

const internalError = '* BAD internal server error';

const fates: readonly Fate[] = [
  ...waysToLogIn.map((way) => ({
    name: `a login by ${way}`,
    happens: async () => {
      const request = { port: stage.front.port, way, ...credentials(holder) };
      return (await runClient('fetch', request)).toString();
    },
    seen: String(letterTo('holder').length),
    logged: 'client logged in',
  })),
  {
    name: 'a refused login',
    happens: () => logInWhileAuthSays(refuseLogin('Go away')),
    seen: 'a NO Go away',
    logged: 'client login failed: "Go away"',
  },
  {
    name: 'an auth answer without a backend',
    happens: () => logInWhileAuthSays({}),
    seen: internalError,
    logged: 'did not send server or port',
  },
  {
    name: 'an auth answer that is garbage',
    happens: () => logInWhileAuthSays('?! no header\r\n\r\n'),
    seen: internalError,
    logged: 'sent invalid header',
  },
  {
    name: 'an auth service that resets the connection',
    happens: () => logInWhileAuthSays({ hangUp: 'reset' }),
    seen: internalError,
    logged: 'while in http auth state',
  },
  {
    name: 'a backend that refuses the login',
    happens: () => logInWhileBackendSays('a NO not you'),
    seen: internalError,
    logged: 'NO not you"',
  },
  {
    name: 'a client that leaves while the auth service thinks',
    happens: leaveWhileAuthThinks,
    seen: '* OK IMAP4 ready',
    logged: ' connected to ',
  },
  {
    name: 'a command that is too long',
    happens: () => say(`a LOGIN holder ${canary.repeat(300)}`),
    seen: '',
    logged: 'client sent too long command',
  },
  {
    name: 'commands that do not exist',
    happens: () => say(`a PASS ${canary}\r\n`.repeat(5)),
    seen: 'a BAD invalid command',
    logged: 'client sent too many invalid commands',
  },
  {
    name: 'Base64 that is none',
    happens: () => say(`a AUTHENTICATE PLAIN ?${base64(`\0holder\0${canary}`)}\r\nz LOGOUT\r\n`),
    seen: 'a BAD invalid command',
    logged: 'client sent invalid base64 encoding in AUTH PLAIN command',
  },
  {
    name: 'a PLAIN response that is only a password',
    happens: () => say(`a AUTHENTICATE PLAIN ${base64(canary)}\r\nz LOGOUT\r\n`),
    seen: 'a BAD invalid command',
    logged: 'client sent invalid login in AUTH PLAIN command',
  },
  {
    name: 'a CRAM-MD5 response with the password instead of a digest',
    happens: () => say(`a AUTHENTICATE CRAM-MD5\r\n${base64(`holder ${canary}`)}\r\nz LOGOUT\r\n`),
    seen: 'a BAD invalid command',
    logged: 'client sent invalid CRAM-MD5 hash in AUTH CRAM-MD5 command',
  },
];

describe('N1, N2: nothing that the proxy writes at level debug holds the password after', () => {
  it.each(fates)('$name', async ({ happens, seen, logged }) => {
    const before = stage.front.log().length;
    expect(await happens()).toContain(seen);
    const log = (): string => stage.front.log().slice(before);
    await until(`"${logged}" in the log`, () => log().includes(logged), { state: log });
    const written = stage.front.written();
    const found = disguisesOf(canary).filter(({ text }) => written.includes(text));
    expect(found).toEqual([]);
  });

  it('a login by digest, nor the digest', () => {
    const digests = stage.auth.requests.filter((request) => request.method === 'cram-md5');
    expect(digests).toHaveLength(1);
    const written = stage.front.written();
    for (const { pass } of digests) {
      expect(pass).toHaveLength(32);
      expect(disguisesOf(pass).filter(({ text }) => written.includes(text))).toEqual([]);
    }
  });
});
