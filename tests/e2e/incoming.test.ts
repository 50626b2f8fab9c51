/** Port 25: mail without a login. postern asks the auth service about the envelope and hands over to Postfix. */
import { acceptLogin, connectClient, refuseLogin, type ScriptedPeer } from '@postern/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alice } from './accounts.js';
import { run } from './child.js';
import { reader, stranger } from './postfix-config.js';
import { setSmtpStage, type SmtpStage } from './smtp-stage.js';

const sender = 'writer@example.net';
const here = '127.0.0.7';
const noMailbox = `550 5.1.1 <${stranger}>: Recipient address rejected: User unknown`;

let stage: SmtpStage;
let client: ScriptedPeer;

beforeAll(async () => {
  stage = await setSmtpStage({ server: 'smtp_auth none plain;' });
  return () => stage.stop();
});

beforeEach(async () => {
  stage.auth.answerWith(() => acceptLogin(stage.postfix.port));
  client = await connectClient(stage.front.port, { localAddress: here, deadlineMs: 60_000 });
  await client.expect('220 mail.example.com ESMTP ready');
});

afterEach(() => client.close());

/** The last question that the auth service was asked. */
function lastQuestion(): Readonly<Record<string, string | undefined>> {
  const request = stage.auth.requests.at(-1);
  const names = ['Auth-Method', 'Auth-User', 'Auth-Pass', 'Client-IP', 'Client-Host'];
  const envelope = ['Auth-SMTP-Helo', 'Auth-SMTP-From', 'Auth-SMTP-To'];
  return Object.fromEntries([...names, ...envelope].map((name) => [name, request?.header(name)]));
}

describe('a client that waits for each answer', () => {
  beforeEach(async () => {
    await client.sendLine('EHLO client.test');
    await client.readUntil('250 AUTH PLAIN\r\n');
    await client.sendLine(`MAIL FROM:<${sender}> SIZE=100  BODY=8BITMIME`);
    await client.expect('250 2.0.0 OK');
  });

  it('delivers a message', async () => {
    await client.sendLine(`RCPT TO:<${reader}>`);
    await client.expect('250 2.1.5 Ok');
    await client.sendLine('DATA');
    await client.expect('354 End data with <CR><LF>.<CR><LF>');
    await client.send('Subject: step by step\r\n\r\nHello.\r\n.\r\nQUIT\r\n');
    await client.expect(/^250 2\.0\.0 Ok: queued as /, '221 2.0.0 Bye');
    expect(await client.readToEnd()).toBe('');
    const delivery = await stage.postfix.delivery('step by step');
    expect(delivery.message.toString()).toBe('Subject: step by step\r\n\r\nHello.\r\n');
    expect(delivery.client).toBe(`unknown[${here}]`);
    expect(lastQuestion()).toEqual({
      'Auth-Method': 'none',
      'Auth-User': '',
      'Auth-Pass': '',
      'Client-IP': here,
      'Client-Host': '[UNAVAILABLE]',
      'Auth-SMTP-Helo': 'client.test',
      'Auth-SMTP-From': `MAIL FROM:<${sender}> SIZE=100  BODY=8BITMIME`,
      'Auth-SMTP-To': `RCPT TO:<${reader}>`,
    });
  });

  it('sees that Postfix rejects the recipient, and may name another', async () => {
    await client.sendLine(`RCPT TO:<${stranger}>`);
    expect(await client.line()).toContain(noMailbox);
    await client.sendLine(`RCPT TO:<${reader}>`);
    await client.expect('250 2.1.5 Ok');
  });

  it('sees that the auth service rejects the recipient, and may name another after the wait', async () => {
    const refusal = { ...refuseLogin('No such user', 1), errorCode: '550 5.1.1' };
    stage.auth.answerWith(({ attempt }) =>
      attempt === 1 ? refusal : acceptLogin(stage.postfix.port),
    );
    await client.sendLine(`RCPT TO:<${stranger}>`);
    await client.expect('550 5.1.1 No such user');
    await client.sendLine(`RCPT TO:<${reader}>`);
    await client.expect('250 2.1.5 Ok');
    expect(lastQuestion()['Auth-SMTP-To']).toBe(`RCPT TO:<${reader}>`);
  });

  it('may log in instead', async () => {
    await client.sendLine('RSET');
    await client.expect('250 2.0.0 OK');
    const response = Buffer.from(`\0${alice.user}\0${alice.password}`).toString('base64');
    await client.sendLine(`AUTH PLAIN ${response}`);
    await client.expect('235 2.0.0 OK');
    await client.send(`MAIL FROM:<${sender}>\r\nRCPT TO:<${reader}>\r\nDATA\r\n`);
    await client.readUntil('354 ');
    await client.send('Subject: with a login\r\n\r\nHello.\r\n.\r\n');
    const login = `sasl_method=XCLIENT, sasl_username=${alice.user}`;
    const delivery = await stage.postfix.delivery('with a login');
    expect(delivery.client).toBe(`unknown[${here}], ${login}`);
  });
});

describe('D3: a client that sends everything at once', () => {
  const envelope = `MAIL FROM:<${sender}>\r\nRCPT TO:<${reader}>\r\n`;

  it.each([
    { name: 'in one segment', greeting: 'EHLO client.test\r\n', split: undefined },
    { name: 'byte by byte', greeting: 'EHLO client.test\r\n', split: 1 },
    { name: 'after HELO', greeting: 'HELO client.test\r\n', split: undefined },
    { name: 'without any greeting', greeting: '', split: undefined },
  ])('$name delivers its message once', async ({ name, greeting, split }) => {
    const options = split === undefined ? {} : { split };
    const from = { localAddress: here, deadlineMs: 60_000, ...options };
    const other = await connectClient(stage.front.port, from);
    const message = `Subject: all ${name}\r\n\r\nHello.\r\n`;
    await other.send(`${greeting}${envelope}DATA\r\n`);
    await other.readUntil('354 ');
    await other.send(`${message}.\r\nQUIT\r\n`);
    const answers = await other.readToEnd();
    await other.close();
    expect(answers).toMatch(/\r\n250 2\.0\.0 Ok: queued as \w+\r\n221 2\.0\.0 Bye\r\n$/);
    const delivery = await stage.postfix.delivery(`all ${name}\r\n`);
    expect(delivery.message.toString()).toBe(message);
    const same = stage.postfix.stored().filter((each) => each.includes(`all ${name}\r\n`));
    expect(same).toHaveLength(1);
  });

  it('with DATA after a rejected recipient is told so by Postfix', async () => {
    await client.send(
      `EHLO client.test\r\nMAIL FROM:<${sender}>\r\nRCPT TO:<${stranger}>\r\nDATA\r\nQUIT\r\n`,
    );
    const answers = await client.readToEnd();
    expect(answers).toContain(`\r\n250 2.0.0 OK\r\n${noMailbox}`);
    expect(answers).toMatch(/\r\n554 5\.5\.1 Error: no valid recipients\r\n221 2\.0\.0 Bye\r\n$/);
  });

  it('with two recipients has both judged', async () => {
    const second = `RCPT TO:<${stranger}>\r\n`;
    await client.send(`EHLO client.test\r\n${envelope}${second}QUIT\r\n`);
    const answers = await client.readToEnd();
    expect(answers).toContain(`\r\n250 2.1.5 Ok\r\n${noMailbox}`);
    expect(answers).toMatch(/\r\n221 2\.0\.0 Bye\r\n$/);
  });
});

it('swaks delivers a message without a login', async () => {
  const server = ['--server', '127.0.0.1', '--port', String(stage.front.port)];
  const from = ['--local-interface', here, '--helo', 'client.test', '--from', sender];
  const header = 'Subject: swaks on port 25';
  const message = ['--pipeline', '--header', header, '--to', reader];
  await run('swaks', [...server, ...from, ...message]);
  expect((await stage.postfix.delivery(header)).client).toBe(`unknown[${here}]`);
});
