import { afterEach, describe, expect, it } from 'vitest';
import { connectClient, startImapBackend } from '../../src/index.js';
import type { ImapBackendOptions, ScriptedPeer } from '../../src/index.js';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

const message = 'Subject: s\r\nTo: a@b.example\r\n\r\nbody\r\n';

async function open(options: ImapBackendOptions = {}) {
  const backend = await startImapBackend({ messages: [message], ...options });
  opened.push(backend);
  const client = await connectClient(backend.port);
  opened.push(client);
  await client.expect(/^\* OK \[CAPABILITY IMAP4rev1 /);
  return { backend, client };
}

/** Says a command and gives all responses up to its tagged one. */
async function ask(client: ScriptedPeer, command: string): Promise<string> {
  const tag = command.split(' ')[0] ?? '';
  await client.sendLine(command);
  let said = '';
  for (;;) {
    const line = await client.line();
    said += `${line}\n`;
    if (line.startsWith(`${tag} `)) return said;
  }
}

async function select(client: ScriptedPeer, how = 'SELECT') {
  await ask(client, 'l LOGIN u p');
  await ask(client, `s ${how} inbox`);
}

const fetches = [
  { name: 'flags and size', ask: '(FLAGS RFC822.SIZE)', told: 'FLAGS () RFC822.SIZE 37' },
  { name: 'a partial body', ask: 'BODY.PEEK[]<0.7>', told: 'BODY[]<0> {7}\nSubject' },
  { name: 'a partial body behind its end', ask: 'BODY.PEEK[]<99.7>', told: 'BODY[]<99> {0}\n' },
  {
    name: 'chosen header fields',
    ask: 'BODY.PEEK[HEADER.FIELDS (TO DATE)]',
    told: 'BODY[HEADER.FIELDS (TO DATE)] {19}\nTo: a@b.example\n\n',
  },
  {
    name: 'the other header fields',
    ask: 'BODY.PEEK[HEADER.FIELDS.NOT (TO)]',
    told: 'BODY[HEADER.FIELDS.NOT (TO)] {14}\nSubject: s\n\n',
  },
  { name: 'the text', ask: 'BODY.PEEK[TEXT]', told: 'BODY[TEXT] {6}\nbody\n' },
  {
    name: 'the header',
    ask: 'RFC822.HEADER',
    told: 'RFC822.HEADER {31}\nSubject: s\nTo: a@b.example\n\n',
  },
  {
    name: 'an envelope',
    ask: 'ENVELOPE',
    told: 'ENVELOPE (NIL "s" NIL NIL NIL ((NIL NIL "a" "b.example")) NIL NIL NIL NIL)',
  },
  {
    name: 'a structure',
    ask: 'BODYSTRUCTURE',
    told: 'BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 6 1 NIL NIL NIL NIL)',
  },
];

describe('the IMAP backend', () => {
  it.each(fetches)('fetches $name', async ({ ask: items, told }) => {
    const { client } = await open();
    await select(client);
    expect(await ask(client, `f FETCH 1 ${items}`)).toBe(`* 1 FETCH (${told})\nf OK done\n`);
  });

  it('marks a message as read when its body is fetched, and says so', async () => {
    const { client } = await open();
    await select(client);
    expect(await ask(client, 'f UID FETCH 1 BODY[TEXT]')).toContain('FLAGS (\\Seen))');
    expect(await ask(client, 'g SEARCH UNSEEN')).toBe('* SEARCH\ng OK done\n');
  });

  it('changes nothing in a mailbox that was examined', async () => {
    const { client, backend } = await open();
    await select(client, 'EXAMINE');
    await ask(client, 'f FETCH 1 BODY[]');
    expect(await ask(client, 'g STORE 1 +FLAGS (\\Deleted)')).toMatch(/^g NO /);
    expect(backend.inbox.messages[0]?.flags.size).toBe(0);
  });

  const commands = [
    { name: 'BAD for an unknown command', command: 'a NONSENSE', answer: /^a BAD/ },
    { name: 'BAD for a mailbox command before login', command: 'a SELECT INBOX', answer: /^a BAD/ },
    { name: 'BAD for IDLE before login', command: 'a IDLE', answer: /^a BAD/ },
    { name: 'BAD for an unbalanced list', command: 'a STATUS INBOX (MESSAGES', answer: /^a BAD/ },
    { name: 'BAD for LOGIN without a password', command: 'a LOGIN u', answer: /^a BAD/ },
    {
      name: 'OK for SASL PLAIN at once',
      command: 'a AUTHENTICATE PLAIN AHUAcA==',
      answer: /^a OK/,
    },
    { name: 'BAD for a lame SASL PLAIN', command: 'a AUTHENTICATE PLAIN dQ==', answer: /^a BAD/ },
    { name: 'NO for other mechanisms', command: 'a AUTHENTICATE CRAM-MD5', answer: /^a NO/ },
  ];

  it.each(commands)('answers $name', async ({ command, answer }) => {
    const { client } = await open();
    expect(await ask(client, command)).toMatch(answer);
  });

  it('invites a literal and takes it byte for byte', async () => {
    const { client } = await open({ check: (user, pass) => user === 'a b' && pass === '"' });
    await client.sendLine('a LOGIN {3}');
    await client.expect(/^\+ /);
    await client.sendLine('a b {1+}');
    await client.sendLine('"');
    await client.expect(/^a OK/);
  });

  it('takes commands that come byte by byte', async () => {
    const { backend } = await open();
    const slow = await connectClient(backend.port, { split: 1 });
    opened.push(slow);
    await slow.line();
    expect(await ask(slow, 'a LOGIN u p')).toMatch(/^a OK/);
    expect(await ask(slow, 'b APPEND INBOX {3+}\r\nabc')).toBe('b OK [APPENDUID 1 2] stored\n');
  });

  it('closes a connection whose literal is larger than a message may be', async () => {
    const { client } = await open({ limits: { messageBytes: 100 } });
    await ask(client, 'l LOGIN u p');
    await client.sendLine('a APPEND INBOX {101}');
    await client.expect(/^a BAD too long/);
    expect(await client.ended).toBe('fin');
  });

  it('closes a connection whose line does not end', async () => {
    const { client } = await open();
    await client.send(`a ${'x'.repeat(9000)}`);
    await client.expect('* BAD too long');
    expect(await client.ended).toBe('fin');
  });

  it.each(['IDLE', 'AUTHENTICATE PLAIN'])(
    'closes a connection whose answer to %s does not end',
    async (command) => {
      const { client } = await open();
      if (command === 'IDLE') await ask(client, 'l LOGIN u p');
      await client.sendLine(`a ${command}`);
      await client.expect(/^\+ /);
      await client.send('x'.repeat(9000));
      await client.expect('a BAD too long');
      expect(await client.ended).toBe('fin');
    },
  );

  it('keeps no more messages than it may', async () => {
    const { client } = await open({ limits: { messages: 1 } });
    await ask(client, 'l LOGIN u p');
    expect(await ask(client, 'a APPEND INBOX {1+}\r\nx')).toMatch(/^a NO \[OVERQUOTA\]/);
  });

  it('tells other sessions of expunged messages only where numbers may change', async () => {
    const { client, backend } = await open({ messages: [message, message] });
    await select(client);
    const other = await connectClient(backend.port);
    opened.push(other);
    await other.line();
    await select(other);
    await ask(client, 'a STORE 1 +FLAGS.SILENT (\\deleted)');
    expect(await ask(client, 'b EXPUNGE')).toBe('* 1 EXPUNGE\nb OK done\n');
    expect(await ask(other, 'c FETCH 2 UID')).toBe('* 2 FETCH (UID 2)\nc OK done\n');
    expect(await ask(other, 'd NOOP')).toBe('* 1 EXPUNGE\nd OK done\n');
  });

  it('ends with a BYE', async () => {
    const { client } = await open();
    expect(await ask(client, 'a LOGOUT')).toBe('* BYE see you\na OK done\n');
    expect(await client.ended).toBe('fin');
  });
});
