/** The IMAP backend as a real client library sees it. */
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { ImapFlow } from 'imapflow';
import { connectClient, startImapBackend } from '../../src/index.js';

const opened: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function logIn(pass = 'secret') {
  const backend = await startImapBackend({ check: (_user, password) => password === 'secret' });
  opened.push(() => backend.close());
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: backend.port,
    secure: false,
    doSTARTTLS: false,
    logger: false,
    auth: { user: 'alice', pass },
  });
  client.on('error', () => undefined);
  opened.push(() => {
    client.close();
  });
  await client.connect();
  return { backend, client };
}

describe('the IMAP backend, seen by imapflow', () => {
  it('refuses a wrong password', async () => {
    await expect(logIn('wrong')).rejects.toMatchObject({ authenticationFailed: true });
  });

  it('lists INBOX and tells its status', async () => {
    const { client } = await logIn();
    expect((await client.list()).map(({ path }) => path)).toEqual(['INBOX']);
    expect(
      await client.status('INBOX', { messages: true, unseen: true, uidNext: true }),
    ).toMatchObject({ messages: 1, unseen: 1, uidNext: 2 });
  });

  it('delivers envelope, structure, flags and source of a message', async () => {
    const { client } = await logIn();
    await client.mailboxOpen('INBOX');
    const message = await client.fetchOne('1', {
      envelope: true,
      bodyStructure: true,
      flags: true,
      size: true,
      internalDate: true,
      source: true,
      headers: ['subject'],
    });
    expect(message).toMatchObject({
      uid: 1,
      envelope: {
        subject: 'You came through postern',
        from: [{ name: 'postern', address: 'postern@example.com' }],
        messageId: '<welcome@example.com>',
      },
      bodyStructure: { type: 'text/plain' },
    });
    if (message === false) return;
    expect(message.source?.toString()).toContain('Hello!');
    expect(message.size).toBe(message.source?.length);
    expect(message.headers?.toString()).toBe('Subject: You came through postern\r\n\r\n');
  });

  it('stores flags, searches and expunges', async () => {
    const { client, backend } = await logIn();
    backend.inbox.append('Subject: two\r\n\r\nbody\r\n');
    await client.mailboxOpen('INBOX');
    expect(await client.search({ seen: false }, { uid: true })).toEqual([1, 2]);
    expect(await client.search({ subject: 'TWO' }, { uid: true })).toEqual([2]);
    await client.messageFlagsAdd('1', ['\\Seen', '$Label']);
    expect(await client.search({ seen: false }, { uid: true })).toEqual([2]);
    await client.messageDelete('1', { uid: true });
    expect(backend.inbox.messages.map(({ uid }) => uid)).toEqual([2]);
  });

  it('appends a message and tells another session that idles', async () => {
    const { client, backend } = await logIn();
    await client.mailboxOpen('INBOX');
    const news = once(client, 'exists');
    const idling = client.idle();
    const other = await connectClient(backend.port);
    opened.push(() => other.close());
    await other.line();
    await other.send(
      'a LOGIN alice secret\r\nb APPEND INBOX (\\Seen) {14+}\r\nSubject: x\r\n\r\n\r\n',
    );
    await other.expect(/^a OK/, 'b OK [APPENDUID 1 2] stored');
    expect(await news).toMatchObject([{ path: 'INBOX', count: 2, prevCount: 1 }]);
    await client.noop();
    await idling;
    expect(await client.append('INBOX', 'Subject: y\r\n\r\n')).toMatchObject({ uid: 3 });
  });
});
