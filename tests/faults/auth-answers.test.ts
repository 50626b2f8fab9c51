/** H: auth services that answer what they should not, or not at all, in sessions of each protocol. */
import { acceptLogin, refuseLogin, type AuthAnswer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { hear, logIn } from './backend-replies.js';
import { base64, everyLanguage, languages } from './languages.js';
import { closeStages, expectWorkingProxy, noSession, setStage } from './stage.js';

afterEach(closeStages);

type Port = (port: number) => AuthAnswer;

const head = (lines: readonly string[]): string => [...lines, '', ''].join('\r\n');

/** A good answer in bytes, with `more` lines. */
const good = (port: number, status = 'HTTP/1.0 200 OK', ...more: readonly string[]): string =>
  head([
    status,
    'Auth-Status: OK',
    'Auth-Server: 127.0.0.1',
    `Auth-Port: ${String(port)}`,
    ...more,
  ]);

const faults: readonly { readonly name: string; readonly answer: Port }[] = [
  { name: 'H2: nothing, and FIN', answer: () => ({ hangUp: 'fin' }) },
  { name: 'H2: nothing, and RST', answer: () => ({ hangUp: 'reset' }) },
  { name: 'H3: 500 with an OK', answer: (port) => good(port, 'HTTP/1.0 500 Oops') },
  { name: 'H3: a redirection', answer: (port) => good(port, 'HTTP/1.1 302 Found', 'Location: /') },
  { name: 'H3: 404 with a page', answer: () => 'HTTP/1.0 404 No\r\n\r\n<html>Auth-Status: OK' },
  {
    name: 'H5: 64 KiB of header',
    answer: (port) => good(port, undefined, `X: ${'x'.repeat(65536)}`),
  },
  {
    name: 'H5: 10 000 headers',
    answer: (port) => good(port, undefined, ...Array<string>(10_000).fill('X: y')),
  },
  { name: 'H5: a bare CR', answer: (port) => good(port, undefined, 'X: a\rb') },
  { name: 'H6: no status', answer: (port) => ({ status: undefined, port }) },
  { name: 'H6: port 0', answer: () => acceptLogin(0) },
  { name: 'H6: port 65536', answer: () => acceptLogin(65536) },
  { name: 'H6: a negative port', answer: () => acceptLogin(-1) },
  {
    name: 'H6: a port with letters',
    answer: (port) =>
      head(
        good(port)
          .trimEnd()
          .split('\r\n')
          .map((line) => line.replace(/^(Auth-Port: .*)$/, '$1x')),
      ),
  },
  { name: 'H6: a host name', answer: (port) => acceptLogin(port, { server: 'localhost' }) },
  { name: 'H6: a path', answer: (port) => acceptLogin(port, { server: 'unix:/x' }) },
  {
    name: 'H6: an address in hexadecimal',
    answer: (port) => acceptLogin(port, { server: '0x7f.1' }),
  },
];

describe.each(everyLanguage)('an auth service that answers $name with', (language) => {
  const { name: protocol, prelude, internalError, refused, accepted } = language;

  it.each(faults)('$name: an internal error, and no backend', async ({ answer }) => {
    const stage = await setStage({ protocol, answer: () => answer(stage.backend.port) });
    expect(await hear(stage)).toBe(prelude + internalError);
    expect(stage.backend.connections).toHaveLength(0);
    expect(stage.auth.count).toBe(1);
    await expectWorkingProxy(stage);
  });

  it('H2: an answer that is cut at any byte: never a login', async () => {
    let length = 0;
    const stage = await setStage({
      protocol,
      answer: () => good(stage.backend.port).slice(0, length),
    });
    const whole = good(stage.backend.port).length;
    for (length = 0; length < whole; length += 3) {
      expect(await hear(stage)).toBe(prelude + internalError);
    }
    expect(stage.backend.connections).toHaveLength(0);
    length = whole;
    await (await logIn(stage)).readUntil(accepted);
  });

  it.each([
    { name: 'nothing', answer: { hang: true } },
    { name: 'a byte now and then', answer: { drip: good(1), everyMs: 20 } },
    {
      name: 'headers for ever',
      answer: { drip: 'X: y\r\n'.repeat(10_000), everyMs: 20, bytesEach: 6 },
    },
  ] as const)('H1: $name: the end after auth_http_timeout, whatever comes', async ({ answer }) => {
    const stage = await setStage({
      protocol,
      server: 'auth_http_timeout 300ms;',
      answer: () => answer,
    });
    const started = performance.now();
    expect(await hear(stage)).toBe(prelude + internalError);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(stage.log.join('\n')).toContain('timed out');
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
  });

  it.each([
    { name: 'controls', status: 'no\x1b[31m\x07', said: 'no [31m ' },
    { name: 'more than 512 bytes', status: 'x'.repeat(4096), said: 'x'.repeat(512) },
    { name: 'what looks like a reply', status: 'OK a OK in', said: 'OK a OK in' },
    { name: 'ok in small letters', status: 'ok', said: 'ok' },
  ])('H7: a refusal with $name: one line', async ({ status, said }) => {
    const stage = await setStage({ protocol, answer: () => refuseLogin(status) });
    expect(await hear(stage)).toBe(prelude + refused(said));
    expect(stage.backend.connections).toHaveLength(0);
  });

  it.each(['99999999999999999999', '-1', '1e3', '0', 'soon'])(
    'H9: a refusal with the wait %s, which is none: the end, at once',
    async (wait) => {
      const stage = await setStage({
        protocol,
        answer: () => ({ ...refuseLogin('no'), headers: [['Auth-Wait', wait]] }),
      });
      expect(await hear(stage)).toBe(prelude + refused('no'));
      expect(stage.auth.count).toBe(1);
    },
  );

  it('H9: a refusal with a wait beyond any timer: no answer at once', async () => {
    const stage = await setStage({ protocol, answer: () => refuseLogin('no', 2 ** 31) });
    const client = await logIn(stage);
    await stage.auth.nextRequest();
    await expectWorkingProxy(stage);
    expect(client.received).not.toContain(refused('no'));
    await expect.poll(() => stage.server.sessions.waiting).toBe(1);
  });

  it('H13: no password for a digest: an internal error where the backend needs one', async () => {
    const stage = await setStage({ protocol });
    const client = await stage.client();
    await client.send(language.sasl('CRAM-MD5'));
    await client.line();
    await client.sendLine(base64(`u ${'0'.repeat(32)}`));
    const heard = `${await client.line()}\r\n`;
    expect(heard).toBe(protocol === 'smtp' ? accepted : internalError);
  });
});

describe('H13: no password for a digest', () => {
  it('is no password for a backend of SMTP either, where it is to be logged in to', async () => {
    const stage = await setStage({ protocol: 'smtp', server: 'proxy_smtp_auth on; xclient off;' });
    const { internalError, sasl } = languages.smtp;
    const client = await stage.client();
    await client.send(sasl('CRAM-MD5'));
    await client.line();
    await client.sendLine(base64(`u ${'0'.repeat(32)}`));
    expect(await client.readToEnd()).toBe(internalError);
    expect(stage.backend.connections[0]?.received).not.toContain('AUTH');
    expect(stage.log.join('\n')).toContain('no password available');
  });
});

describe('H7: codes for a client of SMTP', () => {
  it.each([
    { code: '250', said: '535 5.7.0' },
    { code: '235', said: '535 5.7.0' },
    { code: 'abc def', said: '535 5.7.0' },
    { code: '454', said: '454' },
    { code: '550 5.7.1', said: '550 5.7.1' },
    { code: '550 2.0.0', said: '535 5.7.0' },
  ])('$code becomes $said', async ({ code, said }) => {
    const stage = await setStage({
      protocol: 'smtp',
      answer: () => ({ ...refuseLogin('no'), errorCode: code }),
    });
    expect(await hear(stage)).toBe(`${said} no\r\n`);
  });
});

describe('what the auth service says of the user', () => {
  it('is the login in the log, of a refusal too', async () => {
    const stage = await setStage({ answer: () => ({ ...refuseLogin('no'), user: 'other' }) });
    await hear(stage);
    expect(stage.log.join('\n')).toMatch(/client login failed: "no" .*, login: "other"$/m);
  });

  it('may be that there is no login: the log still names the backend', async () => {
    const stage = await setStage({ answer: () => acceptLogin(stage.backend.port, { user: '' }) });
    await (await logIn(stage)).readUntil(languages.imap.accepted);
    const line = stage.log.find((each) => each.includes('client logged in'));
    expect(line).toContain(`, upstream: 127.0.0.1:${String(stage.backend.port)}`);
    expect(line).not.toContain('login:');
  });
});

it('an attempt by EXTERNAL has no password of an attempt before it', async () => {
  const stage = await setStage({
    server: 'imap_auth plain external;',
    answer: () => ({ ...refuseLogin('no'), wait: 1 }),
  });
  const client = await logIn(stage);
  await client.expect('a NO no');
  await client.send(`b AUTHENTICATE EXTERNAL ${base64('alice')}\r\n`);
  const requests = [await stage.auth.nextRequest(), await stage.auth.nextRequest()];
  expect(requests.map((request) => request.header('auth-method'))).toEqual(['plain', 'external']);
  expect(requests.map((request) => request.header('auth-pass'))).toEqual(['secret', '']);
});

it('L5: worker_connections reach as far as nginx’s: an idle connection takes none from a session', async () => {
  const stage = await setStage({ events: 'worker_connections 5;' });
  const { accepted } = languages.imap;
  // The listener, and client and backend of two sessions.
  const clients = [await logIn(stage), await logIn(stage)];
  for (const client of clients) await client.readUntil(accepted);
  expect(stage.auth.count).toBe(2);
  expect(await (await stage.connect()).readToEnd()).toBe('');
});
