/** Clients people use send mail through postern to Postfix: swaks, nodemailer and curl. */
import { createTransport } from 'nodemailer';
import { beforeAll, describe, expect, it } from 'vitest';
import { accountWith, alice, type Account } from './accounts.js';
import { run } from './child.js';
import { curl } from './curl.js';
import { reader } from './postfix-config.js';
import { setSmtpStage, type SmtpStage } from './smtp-stage.js';
import { until } from './until.js';

const sender = 'writer@example.net';
const mechanisms = ['PLAIN', 'LOGIN', 'CRAM-MD5'];
/** Where the clients are, so that they are not taken for the proxy. */
const here = '127.0.0.7';

let stage: SmtpStage;

beforeAll(async () => {
  stage = await setSmtpStage();
  return () => stage.stop();
});

const aliceAt = (address: string): string =>
  `unknown[${address}], sasl_method=XCLIENT, sasl_username=${alice.user}`;

describe('swaks', () => {
  const swaks = async (...options: readonly string[]): Promise<string> => {
    const server = ['--server', '127.0.0.1', '--port', String(stage.front.port)];
    const from = ['--local-interface', here, '--helo', 'client.test', '--from', sender];
    return (await run('swaks', [...server, ...from, '--to', reader, ...options])).toString();
  };
  const login = ['--auth-user', alice.user, '--auth-password', alice.password];

  it.each(mechanisms)('sends a message after AUTH %s', async (mechanism) => {
    const header = `Subject: swaks ${mechanism}`;
    const dialog = await swaks('--auth', mechanism, ...login, '--header', header);
    expect(dialog).toContain('235 2.0.0 OK');
    const { message, client } = await stage.postfix.delivery(header);
    expect(message.toString()).toContain('This is a test mailing');
    expect(client).toBe(aliceAt(here));
  });

  it('sends a message with the envelope in one segment', async () => {
    const header = 'Subject: swaks pipelining';
    await swaks('--pipeline', '--auth', 'PLAIN', ...login, '--header', header);
    expect((await stage.postfix.delivery(header)).client).toBe(aliceAt(here));
  });

  it('is told to log in first', async () => {
    await expect(swaks('--header', 'Subject: never')).rejects.toThrow('exit code 23');
    const line = `client was rejected: "MAIL FROM:<${sender}>__" while in auth state, client: ${here}`;
    await until('line in the log', () => stage.front.log().includes(line), {
      state: () => stage.front.log(),
    });
  });
});

describe('nodemailer', () => {
  const send = async ({ user, password }: Account, method: string, subject: string) => {
    const text = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();
    const transport = createTransport({
      host: '127.0.0.1',
      port: stage.front.port,
      localAddress: here,
      auth: { user: text(user), pass: text(password), method },
    });
    const message = { from: sender, to: reader, subject, text: 'Hello.\n.\n..dots\n' };
    return transport.sendMail(message).finally(() => {
      transport.close();
    });
  };

  it.each(mechanisms)('sends a message after AUTH %s', async (method) => {
    const subject = `nodemailer ${method}`;
    const { accepted, response } = await send(alice, method, subject);
    expect(accepted).toEqual([reader]);
    expect(response).toMatch(/^250 2\.0\.0 Ok: queued as /);
    const { message, client } = await stage.postfix.delivery(`Subject: ${subject}\r\n`);
    expect(message.toString()).toMatch(/\r\n\r\nHello\.\r\n\.\r\n\.\.dots\r\n$/);
    expect(client).toBe(aliceAt(here));
  });

  it.each(['UTF-8 in the name', 'UTF-8 in the password'])('logs in with %s', async (trait) => {
    const account = accountWith(trait);
    await send(account, 'PLAIN', `nodemailer with ${trait}`);
    const { client } = await stage.postfix.delivery(`with ${trait}`);
    expect(client).toContain(`sasl_username=${account.user}`);
  });

  it('reports a refused login with the words of the auth service', async () => {
    const wrong = { ...alice, password: 'Secret124' };
    const outcome = send(wrong, 'PLAIN', 'never');
    await expect(outcome).rejects.toMatchObject({
      code: 'EAUTH',
      response: '535 5.7.0 Wrong name or password',
    });
  });
});

describe('curl', () => {
  const ways = mechanisms.flatMap((mechanism) => [
    { mechanism, how: 'without an initial response', options: [] },
    { mechanism, how: 'with an initial response', options: ['--sasl-ir'] },
  ]);

  it.each(ways)('uploads a message after AUTH $mechanism $how', async (way) => {
    const subject = `Subject: curl ${way.mechanism} ${way.how}`;
    const from = ['--interface', here, '--mail-from', sender, '--mail-rcpt', reader];
    const upload = ['--form-string', '=Hello.', '--header', subject];
    const login = ['--login-options', `AUTH=${way.mechanism}`, ...way.options];
    const url = `smtp://127.0.0.1:${String(stage.front.port)}/client.test`;
    await curl(url, ...from, ...upload, ...login);
    const { message, client } = await stage.postfix.delivery(subject);
    expect(message.toString()).toContain('Hello.');
    expect(client).toBe(aliceAt(here));
  });
});

it('the auth service was told what Postfix was told', () => {
  const hosts = new Set(stage.auth.requests.map((request) => request.header('Client-Host')));
  expect([...hosts]).toEqual(['[UNAVAILABLE]']);
  expect(new Set(stage.auth.requests.map(({ clientIp }) => clientIp))).toEqual(new Set([here]));
});
