/** imapflow, a client that holds IDLE. */
import { once } from 'node:events';
import { ImapFlow } from 'imapflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { accountWith, alice, type Account } from './accounts.js';
import { letterTo } from './message.js';
import { setStage, type Stage } from './stage.js';
import { until } from './until.js';

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
  return () => stage.stop();
});

/** Logs in as `account`, whose name and password are UTF-8. */
async function logIn({ user, password }: Account): Promise<ImapFlow> {
  const text = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: stage.front.port,
    secure: false,
    doSTARTTLS: false,
    logger: false,
    auth: { user: text(user), pass: text(password) },
  });
  await client.connect();
  return client;
}

describe('imapflow', () => {
  it('receives a notice while it holds IDLE when another session appends', async () => {
    const reader = await logIn(alice);
    await reader.mailboxOpen('INBOX');
    const notice = once(reader, 'exists', { signal: AbortSignal.timeout(60_000) });
    const idle = reader.idle();
    await until('IDLE', () => reader.idling);
    const writer = await logIn(alice);
    await writer.append('INBOX', letterTo('the idle reader'));
    expect(await notice).toEqual([
      expect.objectContaining({ path: 'INBOX', count: 1, prevCount: 0 }),
    ]);
    const message = await reader.fetchOne('1', { source: true });
    expect(message === false ? '' : message.source?.toString()).toBe(
      letterTo('the idle reader').toString(),
    );
    await idle;
    await writer.logout();
    await reader.logout();
  });

  it.each([
    'quotes in the password',
    'backslashes in the password',
    'spaces inside the password',
    'percent signs in the password',
    'UTF-8 in the password',
    'UTF-8 in the name',
  ])('logs in with %s', async (trait) => {
    const client = await logIn(accountWith(trait));
    expect(await client.status('INBOX', { messages: true })).toMatchObject({ messages: 0 });
    await client.logout();
  });
});
