/** Messages over SMTP arrive as they were sent: big ones, and those that try to be taken for two. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptLogin, connectClient, startScriptedBackend } from '@postern/testkit';
import type { ScriptedPeer } from '@postern/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { alice } from './accounts.js';
import { bigMessage, checksum } from './message.js';
import { reader } from './postfix-config.js';
import { credentials, runClient } from './python.js';
import { setSmtpStage, type SmtpStage } from './smtp-stage.js';

const sender = 'writer@example.net';
const deadlineMs = 60_000;

let stage: SmtpStage;

beforeAll(async () => {
  stage = await setSmtpStage({ server: 'smtp_auth none plain;' });
  return () => stage.stop();
});

it.each([
  { name: 'after a login', login: { ...credentials(alice), way: 'AUTH PLAIN' } },
  { name: 'without a login', login: {} },
])('python smtplib sends 50 MB $name, and Postfix stores every byte', async ({ name, login }) => {
  const mark = Buffer.from(`Subject: 50 MB ${name}\r\n`);
  const message = Buffer.concat([mark, bigMessage(50)]);
  const directory = mkdtempSync(join(tmpdir(), 'send-'));
  try {
    const file = join(directory, 'message');
    writeFileSync(file, message);
    const request = { port: stage.front.port, sender, recipient: reader, file, ...login };
    expect((await runClient('send', request)).toString()).toBe('sent\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
  const { message: stored } = await stage.postfix.delivery(mark.toString());
  expect([stored.length, checksum(stored)]).toEqual([message.length, checksum(message)]);
});

/** What some server, somewhere, has taken for the end of a message. */
const falseEnds = [
  '\n.\n',
  '\n.\r\n',
  '\r.\r',
  '\r\n.\r',
  '\r\n.\n',
  '\n.\r',
  '\r\n\0.\r\n',
  '\r.\r\n',
  '\r\n.\r\r\n',
].map((text) => ({ name: JSON.stringify(text), text }));

/** A message with `end` inside, and behind it what would be a second message. */
const smuggled = (end: string, mark: string): string =>
  `Subject: ${mark}\r\n\r\nfirst${end}MAIL FROM:<${sender}>\r\nRCPT TO:<${reader}>\r\nDATA\r\n` +
  `Subject: smuggled\r\n\r\nsecond`;

describe('D1: a message with a false end inside', () => {
  it.each([...falseEnds, { name: 'a true end', text: '\r\n.\r\n' }])(
    '$name reaches the backend byte for byte',
    async ({ text }) => {
      const message = smuggled(text, 'bytes');
      const backend = await startScriptedBackend(acceptEverything, { deadlineMs });
      stage.auth.answerWith(() => acceptLogin(backend.port));
      const client = await connectClient(stage.front.port, { deadlineMs });
      try {
        await client.send(`${login}${message}`);
        await client.readUntil('235 2.0.0 OK\r\n');
        const proxy = await backend.nextConnection();
        await proxy.readUntil('second');
        const received = proxy.inbox.all.subarray(-message.length);
        expect(checksum(received)).toBe(checksum(Buffer.from(message, 'latin1')));
        expect(proxy.received).toMatch(/^EHLO mail\.example\.com\r\nXCLIENT .*\r\nEHLO c\r\nSubj/);
        expect(backend.failures).toEqual([]);
      } finally {
        await client.close();
        await backend.close();
      }
    },
  );

  it.each(falseEnds)('$name is one message for Postfix', async ({ name, text }) => {
    stage.auth.answerWith(() => acceptLogin(stage.postfix.port));
    const before = stage.postfix.stored().length;
    const client = await connectClient(stage.front.port, { deadlineMs });
    try {
      await client.send(`${login}MAIL FROM:<${sender}>\r\nRCPT TO:<${reader}>\r\nDATA\r\n`);
      await client.readUntil('354 ');
      await client.send(`${smuggled(text, name)}\r\n.\r\nQUIT\r\n`);
      const answers = await client.readToEnd();
      expect(answers).toMatch(/\r\n250 2\.0\.0 Ok: queued as \w+\r\n221 2\.0\.0 Bye\r\n$/);
    } finally {
      await client.close();
    }
    const { message } = await stage.postfix.delivery(`Subject: ${name}\r\n`);
    expect(message.toString('latin1')).toMatch(/^Subject: smuggled\r\n\r\nsecond\r\n$/m);
    expect(stage.postfix.stored()).toHaveLength(before + 1);
  });
});

const login = `EHLO c\r\nAUTH PLAIN ${Buffer.from('\0alice\0Secret123').toString('base64')}\r\n`;

/** Plays a backend that is content with the introduction of the proxy, and says no more. */
async function acceptEverything(proxy: ScriptedPeer): Promise<void> {
  await proxy.sendLine('220 ready');
  await proxy.expect('EHLO mail.example.com');
  await proxy.sendLine('250 hello');
  await proxy.expect(/^XCLIENT /);
  await proxy.sendLine('220 again');
  await proxy.expect('EHLO c');
  await proxy.sendLine('250 hello');
}
