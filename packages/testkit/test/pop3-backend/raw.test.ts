import { afterEach, describe, expect, it } from 'vitest';
import { connectClient, startPop3Backend } from '../../src/index.js';
import type { Pop3BackendOptions, ScriptedPeer } from '../../src/index.js';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

const messages = [
  'Subject: one\r\n\r\nfirst\r\nsecond\r\n.dot\r\n',
  'Subject: two\r\n\r\nno line end',
];

async function open(options: Pop3BackendOptions = {}) {
  const backend = await startPop3Backend({ messages, ...options });
  opened.push(backend);
  const client = await connectClient(backend.port);
  opened.push(client);
  await client.expect('+OK ready');
  return { backend, client };
}

async function logIn(client: ScriptedPeer) {
  await client.sendLine('USER alice');
  await client.expect('+OK');
  await client.sendLine('PASS secret');
  await client.expect('+OK logged in, 2 messages');
}

const answers = [
  { name: 'STAT with number and size', ask: ['STAT'], told: ['+OK 2 64'] },
  {
    name: 'LIST with all sizes',
    ask: ['LIST'],
    told: ['+OK one line each', '1 37', '2 27', '.'],
  },
  { name: 'LIST of one message', ask: ['list 2'], told: ['+OK 2 27'] },
  {
    name: 'UIDL with all names',
    ask: ['UIDL'],
    told: ['+OK one line each', '1 uid-1', '2 uid-2', '.'],
  },
  { name: 'UIDL of one message', ask: ['UIDL 2'], told: ['+OK 2 uid-2'] },
  {
    name: 'RETR with dots added and a last line ended',
    ask: ['RETR 1', 'RETR 2'],
    told: [
      '+OK 37 bytes',
      'Subject: one',
      '',
      'first',
      'second',
      '..dot',
      '.',
      '+OK 27 bytes',
      'Subject: two',
      '',
      'no line end',
      '.',
    ],
  },
  {
    name: 'TOP with so many lines',
    ask: ['TOP 1 1'],
    told: ['+OK the top of it', 'Subject: one', '', 'first', '.'],
  },
  {
    name: 'TOP without lines',
    ask: ['TOP 1 0'],
    told: ['+OK the top of it', 'Subject: one', '', '.'],
  },
  {
    name: 'TOP without a number of lines with an error',
    ask: ['TOP 1'],
    told: ['-ERR TOP needs a message and a number of lines'],
  },
  {
    name: 'a message that is marked as deleted as none, until RSET',
    ask: ['DELE 1', 'RETR 1', 'DELE 1', 'STAT', 'RSET', 'STAT'],
    told: [
      '+OK to be deleted by QUIT',
      '-ERR there is no such message',
      '-ERR there is no such message',
      '+OK 1 27',
      '+OK',
      '+OK 2 64',
    ],
  },
  {
    name: 'numbers that name no message with an error',
    ask: ['RETR 0', 'RETR 3', 'RETR x', 'RETR', 'RETR -1'],
    told: Array.from({ length: 5 }, () => '-ERR there is no such message'),
  },
  { name: 'NOOP', ask: ['NOOP'], told: ['+OK'] },
  { name: 'an unknown command with an error', ask: ['NONSENSE'], told: ['-ERR unknown command'] },
  { name: 'a second login with an error', ask: ['USER x'], told: ['-ERR already logged in'] },
];

describe('the POP3 backend', () => {
  it.each(answers)('answers $name', async ({ ask, told }) => {
    const { client } = await open();
    await logIn(client);
    await client.send(ask.map((each) => `${each}\r\n`).join(''));
    await client.expect(...told);
  });

  it('lists what it can before a login', async () => {
    const { client } = await open();
    await client.sendLine('CAPA');
    const said = await client.readUntil('\r\n.\r\n');
    for (const each of ['TOP', 'UIDL', 'USER']) expect(said).toContain(`\r\n${each}\r\n`);
  });

  const early = [
    { command: 'STAT', told: '-ERR log in first' },
    { command: 'PASS x', told: '-ERR USER comes first' },
    { command: 'USER', told: '-ERR USER needs a name' },
  ];

  it.each(early)('answers $command before a login with an error', async ({ command, told }) => {
    const { client } = await open();
    await client.sendLine(command);
    await client.expect(told);
  });

  it('asks whether a login is right, with spaces where they are, and forgets a wrong one', async () => {
    const { client } = await open({ check: (user, pass) => user === 'a b ' && pass === ' ' });
    await client.send('USER a b \r\nPASS x\r\nPASS  \r\nUSER a b \r\nPASS  \r\n');
    await client.expect(
      '+OK',
      '-ERR [AUTH] wrong user or password',
      '-ERR USER comes first',
      '+OK',
      /^\+OK logged in/,
    );
  });

  it('removes messages at QUIT', async () => {
    const { client, backend } = await open();
    await logIn(client);
    await client.send('DELE 1\r\nQUIT\r\n');
    await client.expect(/^\+OK/, '+OK see you');
    expect(await client.ended).toBe('fin');
    expect(backend.inbox.messages.map(({ uid }) => uid)).toEqual([2]);
  });

  it('removes nothing where the client just leaves', async () => {
    const { client, backend } = await open();
    await logIn(client);
    await client.sendLine('DELE 1');
    await client.expect(/^\+OK/);
    client.finish();
    expect(await client.ended).toBe('fin');
    expect(backend.inbox.messages).toHaveLength(2);
  });

  it('keeps the numbers of a session when messages come', async () => {
    const { client, backend } = await open();
    await logIn(client);
    backend.inbox.append('Subject: three\r\n\r\n');
    await client.sendLine('STAT');
    await client.expect('+OK 2 64');
  });

  it('takes lines that end with LF, and bytes one by one', async () => {
    const { backend } = await open();
    const slow = await connectClient(backend.port, { split: 1 });
    opened.push(slow);
    await slow.expect('+OK ready');
    await slow.send('USER u\nPASS p\nSTAT\n');
    await slow.expect('+OK', /^\+OK/, '+OK 2 64');
  });

  it('closes a connection whose line does not end', async () => {
    const { client } = await open();
    await client.send('x'.repeat(9000));
    await client.expect('-ERR too long');
    expect(await client.ended).toBe('fin');
  });

  it('closes a connection that is one too many', async () => {
    const { backend } = await open({ maxConnections: 1 });
    const second = await connectClient(backend.port);
    opened.push(second);
    await second.ended;
    expect(second.received).toBe('');
  });
});
