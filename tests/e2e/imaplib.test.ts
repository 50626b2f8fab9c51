/** Logins of Python's imaplib, in every way it can, with every kind of name and password. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, accountWith, alice, type Account } from './accounts.js';
import { letterTo } from './message.js';
import { credentials, runClient, waysToLogIn, type WayToLogIn } from './python.js';
import { setStage, type Stage } from './stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
  for (const account of accounts) stage.dovecot.deliver(account, letterTo(account.user));
});

afterAll(() => stage.stop());

/** The headers of an auth answer cannot carry spaces at the ends of a value, so no digest login has such a password. */
const canUse = (way: WayToLogIn, { password }: Account): boolean =>
  way !== 'AUTHENTICATE CRAM-MD5' || password === password.trim();

const cases = waysToLogIn.map((way) => ({ way, people: accounts.filter((a) => canUse(way, a)) }));

describe.each(cases)('python imaplib logs in by $way and reads its own mail', ({ way, people }) => {
  it.each(people)('with $trait', async (account) => {
    const request = { port: stage.front.port, way, ...credentials(account) };
    const message = await runClient('fetch', request);
    expect(message.toString('latin1')).toBe(letterTo(account.user).toString('latin1'));
  });
});

describe('a refused login', () => {
  it.each(waysToLogIn)('by %s carries the text of the auth service', async (way) => {
    const wrong = { ...credentials(alice), password: 'Secret124' };
    const login = runClient('fetch', { port: stage.front.port, way, ...wrong });
    await expect(login).rejects.toThrow('Wrong name or password');
  });

  it('is not repaired by the credentials of another account', async () => {
    const { password } = accountWith('quotes in the password');
    const login = runClient('fetch', { port: stage.front.port, user: alice.user, password });
    await expect(login).rejects.toThrow('Wrong name or password');
  });
});
