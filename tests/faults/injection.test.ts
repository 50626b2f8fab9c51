/**
 * The injections that nginx leaves open, shown closed: nothing a client or the auth service says becomes a command of
 * its own at a backend, in a session whose login is accepted.
 */
import { acceptLogin, type ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { base64, everyLanguage } from './languages.js';
import { closeStages, expectWorkingProxy, setStage, type Stage } from './stage.js';

afterEach(closeStages);

/** The commands that the only backend connection heard. */
async function commandsHeard(stage: Stage): Promise<readonly string[]> {
  const [proxy = expect.fail('no backend')] = stage.backend.connections;
  await proxy.ended;
  return proxy.received.split('\r\n').slice(0, -1);
}

const plain = (user: string, password: string): string => base64(`\0${user}\0${password}`);

/** Submits with SASL PLAIN, gives the line that answers it, and ends the session. */
async function logIn(stage: Stage, user: string, password: string): Promise<string> {
  const client: ScriptedPeer = await stage.client();
  await client.send(stage.language.sasl('PLAIN', plain(user, password)));
  const heard = await client.line();
  client.finish();
  return `${heard}\r\n`;
}

const hostile = [
  { name: 'CRLF', bytes: '\r\n' },
  { name: 'LF', bytes: '\n' },
  { name: 'CR', bytes: '\r' },
];

describe('E13: a POP3 login that would be two commands', () => {
  it('in SASL PLAIN asks nobody and reaches no backend', async () => {
    const stage = await setStage({ protocol: 'pop3' });
    expect(await logIn(stage, 'u\r\nDELE 1', 'p\r\nQUIT')).toBe('-ERR invalid command\r\n');
    const client = await stage.client();
    await client.send('AUTH PLAIN AHUNCkRFTEUgMQBwDQpRVUlU\r\n');
    await client.expect('-ERR invalid command');
    expect(stage.auth.count).toBe(0);
    expect(stage.backend.connections).toHaveLength(0);
    expect(stage.log.join('\n')).toContain('client sent a line end or NUL in login or password');
  });

  it.each(hostile)('by $name in the user or the password asks nobody', async ({ bytes }) => {
    const stage = await setStage({ protocol: 'pop3' });
    for (const [user, password] of [
      [`u${bytes}DELE 1`, 'p'],
      ['u', `p${bytes}QUIT`],
      [bytes, 'p'],
      ['u', bytes],
    ] as const) {
      expect(await logIn(stage, user, password)).toBe('-ERR invalid command\r\n');
      const client = await stage.client();
      await client.send(`AUTH LOGIN ${base64(user)}\r\n${base64(password)}\r\n`);
      await client.expect('+ UGFzc3dvcmQ6', '-ERR invalid command');
    }
    expect(stage.auth.count).toBe(0);
    expect(stage.backend.connections).toHaveLength(0);
  });
});

/** An answer as an auth service that knows no better could give it. */
const answered = (port: number, header: string): string =>
  `HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: 127.0.0.1\r\nAuth-Port: ${String(port)}\r\n${header}\r\n\r\n`;

describe.each(everyLanguage)(
  'E13: what the auth service puts in their place, $name',
  (language) => {
    it.each([
      { name: 'NUL in Auth-User', header: 'Auth-User: x\0y' },
      { name: 'NUL in Auth-Pass', header: 'Auth-Pass: x\0y' },
      { name: 'CR in Auth-User', header: 'Auth-User: x\rDELE 1' },
      { name: 'CR in Auth-Pass', header: 'Auth-Pass: x\rQUIT' },
      { name: 'CR before CRLF in Auth-Pass', header: 'Auth-Pass: x\r' },
    ])('$name reaches no backend', async ({ header }) => {
      const stage = await setStage({
        protocol: language.name,
        answer: () => answered(stage.backend.port, header),
      });
      expect(await logIn(stage, 'u', 'p')).toBe(language.internalError);
      expect(stage.backend.connections).toHaveLength(0);
      expect(stage.log.some((line) => line.includes('[error]'))).toBe(true);
      await expectWorkingProxy(stage);
    });

    it('a header behind CRLF is a header of its own and no part of the login', async () => {
      const stage = await setStage({
        protocol: language.name,
        answer: () => answered(stage.backend.port, 'Auth-User: bob\r\nDELE: 1'),
      });
      expect(await logIn(stage, 'u', 'p')).toBe(language.accepted);
      expect((await commandsHeard(stage)).join('\n')).not.toContain('DELE');
    });
  },
);

describe('D8: XCLIENT', () => {
  const xclient = (login: string): readonly string[] => [
    'EHLO mail.example.com',
    `XCLIENT ADDR=127.0.0.1 LOGIN=${login} NAME=[UNAVAILABLE]`,
  ];

  it.each([
    {
      name: 'attributes',
      user: 'u NAME=evil ADDR=1.2.3.4',
      login: 'u+20NAME+3Devil+20ADDR+3D1.2.3.4',
    },
    { name: 'a line end', user: 'u\r\nX: y', login: 'u+0D+0AX:+20y' },
    { name: 'a plus', user: 'u+20x', login: 'u+2B20x' },
    { name: 'controls', user: '\x01\t\x1b\x7f', login: '+01+09+1B+7F' },
    { name: 'bytes above ASCII', user: '\xe9\xff', login: '+E9+FF' },
  ])('says a login with $name as xtext', async ({ user, login }) => {
    const stage = await setStage({ protocol: 'smtp' });
    expect(await logIn(stage, user, 'p')).toBe(stage.language.accepted);
    expect(await commandsHeard(stage)).toEqual(xclient(login));
  });

  it('says what the auth service put in its place as xtext too', async () => {
    const stage = await setStage({
      protocol: 'smtp',
      answer: () => acceptLogin(stage.backend.port, { user: 'bob ADDR=1.2.3.4' }),
    });
    expect(await logIn(stage, 'u', 'p')).toBe(stage.language.accepted);
    expect(await commandsHeard(stage)).toEqual(xclient('bob+20ADDR+3D1.2.3.4'));
  });

  it('a login with line ends is Base64 where it goes by AUTH', async () => {
    const stage = await setStage({
      protocol: 'smtp',
      server: 'proxy_smtp_auth on;',
      backend: async (proxy) => {
        await proxy.sendLine('220 ready');
        for (const reply of ['250 a', '220 b', '235 c']) {
          await proxy.line();
          await proxy.sendLine(reply);
        }
      },
    });
    expect(await logIn(stage, 'u\r\nRSET', 'p\r\nQUIT')).toBe(stage.language.accepted);
    expect(await commandsHeard(stage)).toEqual([
      'EHLO mail.example.com',
      'XCLIENT ADDR=127.0.0.1 NAME=[UNAVAILABLE]',
      `AUTH PLAIN ${plain('u\r\nRSET', 'p\r\nQUIT')}`,
    ]);
  });

  it.each([
    { name: '500 5.5.1 what', passed: '500 5.5.1 what\r\n' },
    { name: '550 not you', passed: '550 not you\r\n' },
    { name: '250-a\r\n550 b', passed: '451 4.3.2 Internal server error\r\n' },
  ])('D10: is sent unasked, and $name to it is a failed login', async ({ name: reply, passed }) => {
    for (const [server, heard] of [
      ['', '451 4.3.2 Internal server error\r\n'],
      ['proxy_pass_error_message on;', passed],
    ] as const) {
      const stage = await setStage({
        protocol: 'smtp',
        server,
        backend: async (proxy) => {
          await proxy.sendLine('220 ready');
          await proxy.line();
          await proxy.sendLine('250-backend\r\n250 8BITMIME');
          await proxy.line();
          await proxy.sendLine(reply);
        },
      });
      expect(await logIn(stage, 'u', 'p')).toBe(heard);
      expect(await commandsHeard(stage)).toEqual(xclient('u'));
      await expectWorkingProxy(stage);
    }
  });
});
