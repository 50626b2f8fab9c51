/** Where a session of SMTP becomes a tunnel: what goes to the backend, and what does not. */
import { createHash } from 'node:crypto';
import type { Conversation } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { languages, playBackend } from './languages.js';
import { closeStages, expectWorkingProxy, setStage } from './stage.js';

afterEach(closeStages);

const { login, accepted } = languages.smtp;
const none = 'smtp_auth none;';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A backend that lets a sender in without a login. */
const takeMessage: Conversation = async (proxy) => {
  await proxy.sendLine('220 ready');
  for (const start of ['EHLO', 'XCLIENT', 'EHLO', 'MAIL', 'RCPT']) {
    const command = await proxy.line();
    expect(command.split(' ')[0]).toBe(start);
    await proxy.sendLine(start === 'XCLIENT' ? '220 go' : `250 ${start.toLowerCase()}`);
  }
};

const message = 'MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nfirst\n.\r\n';
const rest = 'second\r\n.\r\nQUIT\r\n';

/** Every way to end a message that one hop or another has taken for the end, in the middle of text. */
const ends = [
  '\n.\n',
  '\n.\r\n',
  '\r.\r',
  '\r\n.\r',
  '\r\n.\n',
  '\n.\r',
  '\r\n\0.\r\n',
  '\r\n.\r\n',
  '\r\n..\r\n',
];

describe.each([
  { how: 'whole', split: undefined },
  { how: 'byte by byte', split: 1 },
])('D1: after the login, $how,', ({ split }) => {
  it.each(ends.map((end) => ({ end, name: JSON.stringify(end) })))(
    'a message with $name in it reaches the backend as it is',
    async ({ end }) => {
      const text = `${message}x${end}MAIL FROM:<e@f>\r\nRCPT TO:<g@h>\r\nDATA\r\ny${end}${rest}`;
      const sent = Buffer.from(text, 'latin1');
      const stage = await setStage({ protocol: 'smtp' });
      const client = await stage.client(split === undefined ? {} : { split });
      await client.send(login('u', 'p'));
      expect(await client.read(accepted.length)).toEqual(Buffer.from(accepted));
      await client.send(sent);
      const [proxy = expect.fail('no backend')] = stage.backend.connections;
      expect(sha256(await proxy.read(sent.length))).toBe(sha256(sent));
      await expectWorkingProxy(stage);
      client.finish();
      expect(await proxy.readToEnd()).toBe('');
    },
  );
});

/** Message text of about `size` bytes with line ends of all kinds. */
const odd = (size: number): string => 'x\ny\r\n.\n\r.\r'.repeat(size / 10);

describe('D3: what the client sent ahead goes to the backend unchanged and once', () => {
  const sizes = [
    { name: 'a short message', text: odd(10) },
    { name: 'more than smtp_client_buffer', text: odd(20_000) },
    { name: 'more than is read ahead', text: odd(400_000) },
  ];
  const introduction = 'EHLO mail.example.com\r\nXCLIENT ADDR=127.0.0.1 ';

  it.each(sizes)('$name, behind a login', async ({ text }) => {
    const ahead = `${message}${text}${rest}`;
    const stage = await setStage({ protocol: 'smtp' });
    const client = await stage.client();
    await client.send(login('u', 'p') + ahead);
    expect(await client.read(accepted.length)).toEqual(Buffer.from(accepted));
    client.finish();
    const [proxy = expect.fail('no backend')] = stage.backend.connections;
    const heard = `${introduction}LOGIN=u NAME=[UNAVAILABLE]\r\n${ahead}`;
    await proxy.ended;
    expect(proxy.received.length).toBe(heard.length);
    expect(proxy.received === heard).toBe(true);
  });

  it.each(sizes)('$name, behind the first recipient', async ({ text }) => {
    const ahead = `RCPT TO:<second@d>\r\nDATA\r\n${text}${rest}`;
    const envelope = 'EHLO h\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n';
    const stage = await setStage({ protocol: 'smtp', server: none, backend: takeMessage });
    const client = await stage.client();
    await client.send(envelope + ahead);
    await client.expect('250 mail.example.com', '250 2.0.0 OK', '250 rcpt');
    client.finish();
    const [proxy = expect.fail('no backend')] = stage.backend.connections;
    const heard = `${introduction}NAME=[UNAVAILABLE]\r\n${envelope}${ahead}`;
    await proxy.ended;
    expect(proxy.received.length).toBe(heard.length);
    expect(proxy.received === heard).toBe(true);
    expect(stage.backend.failures).toEqual([]);
    // D5: the auth service is asked about the first recipient only.
    expect(stage.auth.count).toBe(1);
  });

  it('the backend has the last word on the recipient, all lines of it', async () => {
    const stage = await setStage({
      protocol: 'smtp',
      server: none,
      backend: async (proxy) => {
        await proxy.sendLine('220 ready');
        for (const reply of ['250 a', '220 b', '250 c']) {
          await proxy.line();
          await proxy.sendLine(reply);
        }
        await proxy.line();
        await proxy.sendLine('550-nobody\r\n550 here');
        await proxy.expect('RSET');
        await proxy.sendLine('250 reset');
      },
    });
    const client = await stage.client();
    await client.send('MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRSET\r\n');
    await client.expect('250 2.0.0 OK', '550-nobody', '550 here', '250 reset');
  });
});

describe('D2, D6: what is said again to the backend', () => {
  it.each([
    { name: 'with bare LF', sent: 'EHLO h\nMAIL FROM:<a@b> SIZE=1 \nRCPT TO:<c@d>\n' },
    { name: 'with CRLF', sent: 'EHLO h\r\nMAIL FROM:<a@b> SIZE=1  \r\nRCPT TO:<c@d>\r\n' },
  ])('$name is one line each, with CRLF', async ({ sent }) => {
    const stage = await setStage({ protocol: 'smtp', server: none, backend: takeMessage });
    const client = await stage.client();
    await client.send(sent);
    await client.expect('250 mail.example.com', '250 2.0.0 OK', '250 rcpt');
    const [proxy = expect.fail('no backend')] = stage.backend.connections;
    const heard = 'EHLO h\r\nMAIL FROM:<a@b> SIZE=1\r\nRCPT TO:<c@d>\r\n';
    expect(proxy.received.endsWith(`]\r\n${heard}`)).toBe(true);
  });

  it('D6: bytes above ASCII reach auth service and backend as they are', async () => {
    const stage = await setStage({ protocol: 'smtp', server: none, backend: takeMessage });
    const client = await stage.client();
    const [helo, from, to] = ['EHLO h\xff', 'MAIL FROM:<\xe9@b>', 'RCPT TO:<c\xc3\xa9@d>'];
    await client.send(`${helo}\r\n${from}\r\n${to}\r\n`);
    await client.expect('250 mail.example.com', '250 2.0.0 OK', '250 rcpt');
    const [request = expect.fail('nobody asked')] = stage.auth.requests;
    expect(request.lines).toContain('Auth-SMTP-Helo: h\xff');
    expect(request.lines).toContain(`Auth-SMTP-From: ${from}`);
    expect(request.lines).toContain(`Auth-SMTP-To: ${to}`);
    const [proxy = expect.fail('no backend')] = stage.backend.connections;
    expect(proxy.received.endsWith(`${helo}\r\n${from}\r\n${to}\r\n`)).toBe(true);
  });
});

describe('D9: XCLIENT of a client', () => {
  it('is the backend’s business after the login, as every command is', async () => {
    const stage = await setStage({
      protocol: 'smtp',
      backend: async (proxy) => {
        await playBackend(proxy, languages.smtp);
        await proxy.expect('XCLIENT ADDR=192.0.2.9');
        await proxy.sendLine('550 not you');
      },
    });
    const client = await stage.client();
    await client.send(`${login('u', 'p')}XCLIENT ADDR=192.0.2.9\r\n`);
    await client.expect(accepted.trimEnd(), '550 not you');
  });
});
