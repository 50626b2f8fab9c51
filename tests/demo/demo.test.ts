/** The demo of `npm start`: what is printed there as worth a try works. tests/e2e runs the printed lines themselves. */
import { afterEach, describe, expect, it } from 'vitest';
import { imap } from '@postern/mail-imap';
import { pop3 } from '@postern/mail-pop3';
import { smtp } from '@postern/mail-smtp';
import {
  connectClient,
  demoPartNames,
  Listening,
  startDemo,
  type Demo,
  type DemoLogin,
  type DemoPorts,
  type ScriptedPeer,
} from '@postern/testkit';

const modules = [imap, pop3, smtp];
const anyPorts: DemoPorts = {
  imap: 0,
  pop3: 0,
  smtp: 0,
  auth: 0,
  imapBackend: 0,
  pop3Backend: 0,
  smtpBackend: 0,
};
const parts = Object.keys(anyPorts) as (keyof DemoPorts)[];

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function demonstrate() {
  const logins: DemoLogin[] = [];
  const demo = await startDemo({
    modules,
    ports: anyPorts,
    onLogin: (login) => logins.push(login),
  });
  opened.push(demo);
  return { demo, logins };
}

async function connect(demo: Demo, part: keyof DemoPorts): Promise<ScriptedPeer> {
  const client = await connectClient(demo.ports[part]);
  opened.push(client);
  await client.line();
  return client;
}

const ask = async (client: ScriptedPeer, command: string, ...answers: (string | RegExp)[]) => {
  await client.sendLine(command);
  await client.expect(...answers);
};

describe('the demo over IMAP', () => {
  it('lets everybody in who knows the password, shows the login and delivers the message', async () => {
    const { demo, logins } = await demonstrate();
    const client = await connect(demo, 'imap');
    await ask(client, 'a LOGIN alice postern', /^a OK /);
    const backend = `127.0.0.1:${String(demo.ports.imapBackend)}`;
    const who = { protocol: 'imap', user: 'alice', client: '127.0.0.1' };
    expect(logins).toEqual([{ ...who, attempt: 1, accepted: true, backend, refusal: '' }]);
    await client.sendLine('b EXAMINE INBOX');
    await client.readUntil('b OK ');
    await client.sendLine('c FETCH 1 BODY[TEXT]');
    expect(await client.readUntil('c OK done')).toContain('Hello!');
  });

  it('tells who does not know the password, and lets him try again', async () => {
    const { demo, logins } = await demonstrate();
    const client = await connect(demo, 'imap');
    await ask(
      client,
      'a LOGIN al\x1bice guess',
      /^a NO wrong password; in this demo it is "postern"/,
    );
    await ask(client, 'b LOGIN alice postern', /^b OK /);
    expect(logins).toMatchObject([
      { user: 'al\\x1bice', attempt: 1, accepted: false, backend: '' },
      { user: 'alice', attempt: 2, accepted: true },
    ]);
  });
});

/** Logs in as alice with AUTH PLAIN and sends a message. */
async function submit(demo: Demo, text: string): Promise<void> {
  const client = await connect(demo, 'smtp');
  const answer = Buffer.from('\0alice\0postern').toString('base64');
  await ask(client, 'EHLO laptop.example', '250-localhost', '250 AUTH PLAIN LOGIN');
  await ask(client, `AUTH PLAIN ${answer}`, '235 2.0.0 OK');
  await ask(client, 'MAIL FROM:<alice@example.com>', /^250 /);
  await ask(client, 'RCPT TO:<bob@example.com>', /^250 /);
  await ask(client, 'DATA', /^354 /);
  await ask(client, `${text}\r\n.`, /^250 /);
  await ask(client, 'QUIT', /^221 /);
  expect(await client.ended).toBe('fin');
}

describe('a message that is sent over SMTP in the demo', () => {
  it('is read over POP3, with the client and the login that the proxy told', async () => {
    const { demo, logins } = await demonstrate();
    await submit(demo, 'Subject: Hi\r\n\r\n..one dot');
    const client = await connect(demo, 'pop3');
    await ask(client, 'USER bob', '+OK');
    await ask(client, 'PASS postern', /^\+OK logged in, 2 messages/);
    await client.sendLine('RETR 2');
    const message = await client.readUntil('\r\n.\r\n');
    expect(message).toContain('Delivered-To: bob@example.com\r\n');
    expect(message).toContain(
      'Received: from laptop.example ([UNAVAILABLE] [127.0.0.1]) (login: alice)\r\n',
    );
    expect(message).toContain('Subject: Hi\r\n\r\n..one dot\r\n.\r\n');
    expect(logins.map(({ protocol, user }) => `${protocol} ${user}`)).toEqual([
      'smtp alice',
      'pop3 bob',
    ]);
  });

  it('is read over IMAP, without the dot that SMTP added', async () => {
    const { demo } = await demonstrate();
    await submit(demo, 'Subject: Hi\r\n\r\n..one dot');
    const client = await connect(demo, 'imap');
    await ask(client, 'a LOGIN bob postern', /^a OK /);
    await client.sendLine('b EXAMINE INBOX');
    await client.readUntil('b OK ');
    await client.sendLine('c FETCH 2 BODY[TEXT]');
    expect(await client.readUntil('c OK done')).toContain('\r\n.one dot\r\n)');
  });
});

describe('the demo over POP3 and SMTP', () => {
  it.each([
    {
      part: 'pop3' as const,
      commands: [['USER alice', '+OK']] as const,
      command: 'PASS guess',
      refusal: /^-ERR wrong password; in this demo it is "postern"/,
    },
    {
      part: 'smtp' as const,
      commands: [] as const,
      command: `AUTH PLAIN ${Buffer.from('\0alice\0guess').toString('base64')}`,
      refusal: /^535 5\.7\.0 wrong password; in this demo it is "postern"/,
    },
  ])('refuses a wrong password over $part', async ({ part, commands, command, refusal }) => {
    const { demo, logins } = await demonstrate();
    const client = await connect(demo, part);
    for (const [said, answer] of commands) await ask(client, said, answer);
    await ask(client, command, refusal);
    expect(logins).toMatchObject([{ protocol: part, user: 'alice', accepted: false }]);
  });
});

describe('a port that is taken', () => {
  it.each(parts)('is named with its part, %s', async (part) => {
    const other = await Listening.start({}, (socket) => socket.destroy());
    opened.push(other);
    const starting = startDemo({ modules, ports: { ...anyPorts, [part]: other.port } });
    await expect(starting).rejects.toThrow(
      `port ${String(other.port)}, wanted for the ${demoPartNames[part]} of the demo, is taken by another program`,
    );
  });
});
