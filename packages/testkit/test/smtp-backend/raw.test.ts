import { afterEach, describe, expect, it } from 'vitest';
import { connectClient, Mailbox, startImapBackend, startSmtpBackend } from '../../src/index.js';
import type { ScriptedPeer, SmtpBackend, SmtpBackendOptions } from '../../src/index.js';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function open(options: SmtpBackendOptions = {}) {
  const backend = await startSmtpBackend({ messages: [], ...options });
  opened.push(backend);
  const client = await connectClient(backend.port);
  opened.push(client);
  await client.expect('220 backend ESMTP ready');
  return { backend, client };
}

/** Says commands in one segment; each has one reply of one line. */
async function ask(client: ScriptedPeer, ...pairs: (readonly [string, string | RegExp])[]) {
  await client.send(pairs.map(([command]) => `${command}\r\n`).join(''));
  await client.expect(...pairs.map(([, told]) => told));
}

const envelope = [
  ['MAIL FROM:<a@example.com>', '250 2.1.0 OK'],
  ['RCPT TO:<b@example.com>', '250 2.1.5 OK'],
] as const;

const textOf = ({ inbox }: SmtpBackend): string => String(inbox.messages.at(-1)?.bytes);
const plain = Buffer.from('\0alice\0secret').toString('base64');

const sequences: { name: string; pairs: (readonly [string, string | RegExp])[] }[] = [
  {
    name: 'a recipient without a sender',
    pairs: [['RCPT TO:<b@example.com>', /^503 /]],
  },
  { name: 'a second sender', pairs: [envelope[0], ['MAIL FROM:<c@example.com>', /^503 /]] },
  { name: 'DATA without a recipient', pairs: [envelope[0], ['DATA', /^503 /]] },
  { name: 'DATA after RSET', pairs: [...envelope, ['RSET', /^250 /], ['DATA', /^503 /]] },
  { name: 'DATA after another HELO', pairs: [...envelope, ['HELO x', /^250 /], ['DATA', /^503 /]] },
  {
    name: 'paths that are none',
    pairs: [
      ['MAIL a@example.com', /^501 /],
      ['MAIL FROM:a@example.com', /^501 /],
      ['MAIL FROM:<a b>', /^501 /],
      envelope[0],
      ['RCPT TO:<>', /^501 /],
      ['RCPT FROM:<a@b>', /^501 /],
    ],
  },
  { name: 'a message announced too large', pairs: [['MAIL FROM:<> SIZE=1048577', /^552 /]] },
  { name: 'an unknown command', pairs: [['NONSENSE', /^500 /]] },
  { name: 'HELO and EHLO without a name', pairs: ['HELO', 'EHLO'].map((each) => [each, /^501 /]) },
  {
    name: 'XCLIENT without values and inside a message',
    pairs: [
      ['XCLIENT', /^501 /],
      ['XCLIENT ADDR', /^501 /],
      envelope[0],
      ['XCLIENT ADDR=x', /^503 /],
    ],
  },
  { name: 'other mechanisms', pairs: [['AUTH LOGIN', /^504 /]] },
  { name: 'AUTH PLAIN that is none', pairs: [['AUTH PLAIN dQ==', /^501 /]] },
  {
    name: 'AUTH PLAIN that is given up',
    pairs: [
      ['AUTH PLAIN', '334 '],
      ['*', /^501 /],
    ],
  },
  {
    name: 'a second login',
    pairs: [
      [`AUTH PLAIN ${plain}`, '235 2.7.0 logged in'],
      [`AUTH PLAIN ${plain}`, /^503 /],
    ],
  },
];

describe('the SMTP backend', () => {
  it('says in EHLO what it can', async () => {
    const { client } = await open();
    await client.sendLine('EHLO laptop');
    const said = await client.readUntil('250 XCLIENT ADDR NAME LOGIN\r\n');
    expect(said.split('\r\n')).toEqual(
      expect.arrayContaining(['250-backend', '250-SIZE 1048576', '250-AUTH PLAIN']),
    );
  });

  it('stores a message with its trace, all that a proxy told, and without the dots added', async () => {
    const { client, backend } = await open();
    await ask(
      client,
      ['XCLIENT ADDR=192.0.2.7 LOGIN=us+20er NAME=mx.example.org', '220 backend'],
      ['HELO laptop', '250 backend'],
      ...envelope,
      ['RCPT TO:<c@example.com>', '250 2.1.5 OK'],
      ['DATA', /^354 /],
      ['Subject: x\r\n\r\n..dot\r\n\xff\r\n.', '250 2.0.0 stored with UID 1'],
      ['QUIT', '221 2.0.0 see you'],
    );
    expect(await client.ended).toBe('fin');
    const [message] = backend.inbox.messages;
    expect(message?.bytes.toString('latin1')).toMatch(
      /^Return-Path: <a@example.com>\r\nDelivered-To: b@example.com\r\nDelivered-To: c@example.com\r\nReceived: from laptop \(mx.example.org \[192.0.2.7\]\) \(login: us er\)\r\n by backend; .* \+0000\r\nSubject: x\r\n\r\n\.dot\r\n\xff\r\n$/,
    );
  });

  it('takes no line end into the trace, whatever a proxy told', async () => {
    const { client, backend } = await open();
    const xclient = 'XCLIENT NAME=a+0D+0AX:+20y LOGIN=b+00+FF';
    await ask(client, [xclient, '220 backend'], ...envelope, ['DATA', /^354 /], ['.', /^250 /]);
    expect(textOf(backend)).toContain('(a\\r\\nX: y [unknown]) (login: b\\x00\\xff)');
  });

  it('ends a message at CRLF dot CRLF only', async () => {
    const { client, backend } = await open();
    await ask(client, ...envelope, ['DATA', /^354 /]);
    await client.send('a\n.\nMAIL FROM:<evil@x>\r\n.\n\r\n\r\n.\r\n');
    await client.expect('250 2.0.0 stored with UID 1');
    expect(textOf(backend)).toContain('a\n.\nMAIL FROM:<evil@x>\r\n\n\r\n\r\n');
    expect(backend.inbox.messages).toHaveLength(1);
  });

  it.each(sequences)('refuses $name', async ({ pairs }) => {
    const { client, backend } = await open();
    await ask(client, ...pairs);
    expect(backend.inbox.messages).toHaveLength(0);
  });

  it('asks whether a login is right', async () => {
    const { client } = await open({ check: (_user, password) => password === 'right' });
    const right = Buffer.from('\0alice\0right').toString('base64');
    await ask(
      client,
      [`AUTH PLAIN ${plain}`, '535 5.7.8 wrong user or password'],
      ['AUTH PLAIN', '334 '],
      [right, '235 2.7.0 logged in'],
    );
  });

  it('answers what has no effect', async () => {
    const { client } = await open();
    await ask(client, ['NOOP', /^250 /], ['VRFY x', /^252 /]);
  });

  it('refuses a message that grows too large, and takes the next', async () => {
    const { client, backend } = await open({ limits: { messageBytes: 1000 } });
    const large = `${'x'.repeat(98)}\r\n`.repeat(20);
    await ask(client, ...envelope, ['DATA', /^354 /], [`${large}.`, /^552 /]);
    expect(backend.inbox.messages).toHaveLength(0);
    await ask(client, ...envelope, ['DATA', /^354 /], ['x\r\n.', /^250 /]);
  });

  it('closes a connection whose line of a message does not end', async () => {
    const { client } = await open({ limits: { messageBytes: 1000 } });
    await ask(client, ...envelope, ['DATA', /^354 /]);
    await client.send('x'.repeat(2000));
    await client.expect('500 5.5.2 too long');
    expect(await client.ended).toBe('fin');
  });

  it('takes no more recipients than it may', async () => {
    const { client } = await open();
    const many = Array.from({ length: 100 }, () => envelope[1]);
    await ask(client, envelope[0], ...many, ['RCPT TO:<b@example.com>', /^452 /]);
  });

  it('keeps no more messages than it may', async () => {
    const { client } = await open({ limits: { messages: 0 } });
    await ask(client, ...envelope, ['DATA', /^354 /], ['.', '452 4.3.1 the mailbox is full']);
  });

  it('shares a mailbox with another backend', async () => {
    const mailbox = new Mailbox('INBOX');
    const imap = await startImapBackend({ mailbox });
    opened.push(imap);
    const { client } = await open({ mailbox });
    await ask(client, ...envelope, ['DATA', /^354 /], ['Subject: s\r\n\r\n.', /^250 /]);
    expect(imap.inbox.messages).toHaveLength(1);
  });
});
