/** SASL exchanges that are broken off, wrong, repeated, or hold every byte; and APOP. */
import { acceptLogin, refuseLogin } from '@postern/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { base64, everyLanguage } from './languages.js';
import { shortenWaits } from './short-waits.js';
import { closeStages, expectWorkingProxy, setStage } from './stage.js';

beforeEach(shortenWaits);
afterEach(async () => {
  vi.restoreAllMocks();
  await closeStages();
});

const zeros = '0'.repeat(32);
const hasSalt = /^<\d+\.\d+@mail\.example\.com>$/;

/** The challenge that a line holds. */
const saltIn = (line: string): string =>
  Buffer.from(line.split(' ')[1] ?? '', 'base64').toString('latin1');

describe.each(everyLanguage)('$name', (language) => {
  const { name: protocol, sasl, challenge, invalid, noop, noopDone, quit, bye } = language;
  const user = `${challenge}VXNlcm5hbWU6\r\n`;
  const password = `${challenge}UGFzc3dvcmQ6\r\n`;
  const broken = [
    { mechanism: 'PLAIN', answers: [], asks: `${challenge}\r\n` },
    { mechanism: 'LOGIN', answers: [], asks: user },
    { mechanism: 'LOGIN', answers: [base64('u')], asks: user + password },
    { mechanism: 'EXTERNAL', answers: [], asks: user },
  ].map((each) => ({ ...each, name: `${each.mechanism} behind ${each.answers.length} answers` }));
  const external = `${protocol}_auth plain external cram-md5;`;

  it.each(broken)('F1: * breaks $name off, and the next command works', async (each) => {
    const stage = await setStage({ protocol, server: external });
    for (const split of [undefined, 1]) {
      const client = await stage.client(split === undefined ? {} : { split });
      const answers = [...each.answers, '*'].map((line) => `${line}\r\n`).join('');
      await client.send(sasl(each.mechanism) + answers + noop + quit);
      expect(await client.readToEnd()).toBe(each.asks + invalid + noopDone + bye);
    }
    expect(stage.auth.count).toBe(0);
    await expectWorkingProxy(stage);
  });

  it('F1: * breaks CRAM-MD5 off, and the next command works', async () => {
    const stage = await setStage({ protocol });
    const client = await stage.client();
    await client.send(`${sasl('CRAM-MD5')}*\r\n${noop}${quit}`);
    expect(saltIn(await client.line())).toMatch(hasSalt);
    expect(await client.readToEnd()).toBe(invalid + noopDone + bye);
    expect(stage.auth.count).toBe(0);
  });

  it('F2, F3: what is not Base64, or no login in it, asks nobody', async () => {
    const wrong = [
      ...['!!!!', 'YQ', 'Y=Q=', '=', 'YQ-_', 'AHUA\tcAA=', 'A'.repeat(3000)],
      ...['AHUAcABx', 'YWRtaW4AdQBw', base64('nothing'), base64('u\0p'), base64('\0')],
    ];
    const stage = await setStage({ protocol });
    for (const split of [undefined, 1]) {
      const client = await stage.client(split === undefined ? {} : { split });
      const initial = wrong.map((text) => sasl('PLAIN', text)).join('');
      const answers = wrong.map((text) => `${sasl('PLAIN')}${text}\r\n`).join('');
      await client.send(initial + answers + quit);
      expect(await client.readToEnd()).toBe(
        invalid.repeat(wrong.length) + `${challenge}\r\n${invalid}`.repeat(wrong.length) + bye,
      );
    }
    expect(stage.auth.count).toBe(0);
  });

  it.each([
    { name: 'no space', text: 'nospace' },
    { name: '31 digits', text: `u ${zeros.slice(1)}` },
    { name: '33 digits', text: `u ${zeros}0` },
    { name: 'two spaces', text: `u  ${zeros}` },
    { name: 'nothing', text: '' },
  ])('F5: a CRAM-MD5 answer with $name asks nobody', async ({ text }) => {
    const stage = await setStage({ protocol });
    const client = await stage.client();
    await client.send(`${sasl('CRAM-MD5')}${base64(text)}\r\n${quit}`);
    await client.line();
    expect(await client.readToEnd()).toBe(invalid + bye);
    expect(stage.auth.count).toBe(0);
  });

  it('F4, F6: a refused CRAM-MD5, a wrong one and a right one each have a challenge', async () => {
    const stage = await setStage({
      protocol,
      answer: ({ attempt }) =>
        attempt === 1
          ? refuseLogin('bad', 1)
          : acceptLogin(stage.backend.port, { user: 'v', pass: 'w' }),
    });
    const client = await stage.client();
    const salts: string[] = [];
    const answer = async (text: string): Promise<void> => {
      await client.send(sasl('CRAM-MD5'));
      salts.push(saltIn(await client.line()));
      await client.sendLine(base64(text));
    };
    await answer(`u ${zeros}`);
    await client.expect(language.refused('bad').trimEnd());
    await answer('nospace');
    await client.expect(invalid.trimEnd());
    await answer(`second ${'f'.repeat(32)}`);
    await client.expect(language.accepted.trimEnd());
    expect(new Set(salts).size).toBe(3);
    const asked = stage.auth.requests.map((request) => [
      request.method,
      request.user,
      request.pass,
      request.header('Auth-Salt'),
    ]);
    expect(asked).toEqual([
      ['cram-md5', 'u', zeros, salts[0]],
      ['cram-md5', 'second', 'f'.repeat(32), salts[2]],
    ]);
  });

  it('F6: a refused login leaves nothing for the login behind it', async () => {
    const stage = await setStage({ protocol, answer: () => refuseLogin('no', 1) });
    const client = await stage.client();
    await client.send(sasl('CRAM-MD5'));
    const salt = saltIn(await client.line());
    await client.send(`${base64(`u ${zeros}`)}\r\n${sasl('PLAIN', base64('\0v\0w'))}`);
    const refused = language.refused('no').trimEnd();
    await client.expect(refused, refused);
    expect(stage.auth.requests[0]?.header('Auth-Salt')).toBe(salt);
    const [, second = expect.fail('one attempt')] = stage.auth.requests;
    expect([second.method, second.user, second.pass]).toEqual(['plain', 'v', 'w']);
    expect(second.header('Auth-Salt')).toBeUndefined();
    expect(second.attempt).toBe(2);
  });
});

describe('F6: APOP', () => {
  it('refused, wrong and right: each attempt has its own digest and the greeting’s challenge', async () => {
    const stage = await setStage({
      protocol: 'pop3',
      answer: ({ attempt }) =>
        attempt === 1 ? refuseLogin('bad', 1) : acceptLogin(stage.backend.port, { pass: 'w' }),
    });
    const client = await stage.connect();
    const salt = (await client.line()).split(' ').at(-1);
    expect(salt).toMatch(hasSalt);
    await client.send(`APOP u ${zeros}\r\nAPOP nodigest\r\nAPOP v ${'f'.repeat(32)}\r\n`);
    await client.expect('-ERR bad', '-ERR invalid command', '+OK logged in');
    const asked = stage.auth.requests.map((request) => [
      request.method,
      request.user,
      request.pass,
      request.header('Auth-Salt'),
    ]);
    expect(asked).toEqual([
      ['apop', 'u', zeros, salt],
      ['apop', 'v', 'f'.repeat(32), salt],
    ]);
    expect(stage.backend.connections[0]?.received).toBe('USER v\r\nPASS w\r\n');
  });

  it('refused, and then a login of another kind: nothing of the digest is left', async () => {
    const stage = await setStage({ protocol: 'pop3', answer: () => refuseLogin('bad', 1) });
    const client = await stage.client();
    await client.send(`APOP u ${zeros}\r\nUSER v\r\nPASS w\r\n`);
    await client.expect('-ERR bad', '+OK', '-ERR bad');
    const [, second = expect.fail('one attempt')] = stage.auth.requests;
    expect([second.method, second.user, second.pass]).toEqual(['plain', 'v', 'w']);
    expect(second.header('Auth-Salt')).toBeUndefined();
  });
});

describe('F11: a password may hold every byte but NUL, CR and LF', () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
  const every = bytes.filter((byte) => !'\0\r\n'.includes(byte)).join('');
  const quoted = every.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  const size = String(every.length);
  const b64 = base64(every);
  const plain = base64(`\0u\0${every}`);
  // `a LOGIN {1}`, `u {253}`, and the password.
  const imap = `a LOGIN {1}\r\nu {${size}}\r\n${every}\r\n`;
  const pop3 = `USER u\r\nPASS ${every}\r\n`;
  const smtp = `AUTH PLAIN ${plain}\r\n`;

  it.each([
    { protocol: 'imap', how: 'LOGIN with a string', sent: `a LOGIN u "${quoted}"\r\n`, told: imap },
    {
      protocol: 'imap',
      how: 'LOGIN with a literal',
      sent: `a LOGIN u {${size}+}\r\n${every}\r\n`,
      told: imap,
    },
    { protocol: 'imap', how: 'PLAIN', sent: `a AUTHENTICATE PLAIN ${plain}\r\n`, told: imap },
    {
      protocol: 'imap',
      how: 'the mechanism LOGIN',
      sent: `a AUTHENTICATE LOGIN dQ==\r\n${b64}\r\n`,
      told: imap,
    },
    { protocol: 'pop3', how: 'PASS', sent: pop3, told: pop3 },
    { protocol: 'pop3', how: 'PLAIN', sent: `AUTH PLAIN\r\n${plain}\r\n`, told: pop3 },
    { protocol: 'pop3', how: 'LOGIN', sent: `AUTH LOGIN\r\ndQ==\r\n${b64}\r\n`, told: pop3 },
    { protocol: 'smtp', how: 'PLAIN', sent: `AUTH PLAIN ${plain}\r\n`, told: smtp },
    { protocol: 'smtp', how: 'LOGIN', sent: `AUTH LOGIN dQ==\r\n${b64}\r\n`, told: smtp },
  ] as const)('$protocol by $how', async ({ protocol, sent, told }) => {
    const stage = await setStage({
      protocol,
      ...(protocol === 'smtp' && {
        server: 'proxy_smtp_auth on; xclient off;',
        backend: async (proxy) => {
          await proxy.sendLine('220 ready');
          await proxy.line();
          await proxy.sendLine('250 hello');
          await proxy.line();
          await proxy.sendLine('235 in');
        },
      }),
    });
    for (const split of [undefined, 1]) {
      const client = await stage.client(split === undefined ? {} : { split });
      await client.send(sent);
      await client.readUntil(stage.language.accepted);
      expect(stage.auth.requests.at(-1)?.pass).toBe(every);
      expect(stage.backend.connections.at(-1)?.received.endsWith(told)).toBe(true);
    }
  });

  it.each(everyLanguage)(
    '$name by CRAM-MD5: the digest is passed on as it is',
    async (language) => {
      const stage = await setStage({ protocol: language.name, answer: () => refuseLogin('no') });
      for (let at = 0; at < every.length; at += 30) {
        const digest = `<${every.slice(at, at + 30).padEnd(30, 'x')}>`;
        const client = await stage.client();
        await client.send(`${language.sasl('CRAM-MD5')}${base64(`u ${digest}`)}\r\n`);
        await client.readToEnd();
        expect(stage.auth.requests.at(-1)?.pass).toBe(digest);
      }
      expect(stage.auth.count).toBe(9);
    },
  );
});
