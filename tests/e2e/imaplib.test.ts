/** Logins of Python's imaplib, in every way it can, with every kind of name and password. */
import { acceptLogin, connectClient, refuseLogin } from '@postern/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { accounts, accountWith, alice, type Account } from './accounts.js';
import { letterTo } from './message.js';
import { runClient, waysToLogIn, type Credentials, type WayToLogIn } from './python.js';
import { setStage, type Stage } from './stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
  for (const account of accounts) stage.dovecot.deliver(account, letterTo(account.user));
  return () => stage.stop();
});

/** What each of `people` reads, or the error it meets, when all log in one after the other. */
async function readMail(
  way: WayToLogIn,
  people: readonly Credentials[],
): Promise<readonly string[]> {
  const request = { port: stage.front.port, way, accounts: people };
  return JSON.parse((await runClient('logins', request)).toString()) as readonly string[];
}

/**
 * CRAM-MD5 takes the name to end at the first space, and the headers of an auth answer, from which the password for the
 * backend comes then, cannot carry spaces at the ends of a value.
 */
const canUse = (way: WayToLogIn, { user, password }: Account): boolean =>
  way !== 'AUTHENTICATE CRAM-MD5' || (password === password.trim() && !user.includes(' '));

const cases = waysToLogIn.map((way) => ({ way, people: accounts.filter((a) => canUse(way, a)) }));

describe.each(cases)('python imaplib logs in by $way and reads its own mail', ({ way, people }) => {
  let read: readonly string[];

  beforeAll(async () => {
    read = await readMail(way, people);
  });

  it.each(people)('with $trait', (account) => {
    expect(read[people.indexOf(account)]).toBe(letterTo(account.user).toString('latin1'));
  });
});

describe('a refused login', () => {
  const { user } = alice;
  const { password } = accountWith('quotes in the password');
  const wrong = [
    { user, password: 'Secret124' },
    { user, password: 'secret123' },
    { user, password: 'Secret123 ' },
    { user, password: '' },
    { user, password },
    { user: 'nobody', password: 'Secret123' },
  ];

  it.each(waysToLogIn)('by %s carries the text of the auth service', async (way) => {
    const outcomes = await readMail(way, wrong);
    for (const outcome of outcomes) expect(outcome).toContain('Wrong name or password');
    expect(outcomes).toHaveLength(wrong.length);
  });

  it('with a wait can be repeated with the right password on the same connection', async () => {
    stage.auth.answerWith((request) =>
      request.attempt === 1 ? refuseLogin('Once more', 1) : acceptLogin(stage.dovecot.ports.imap),
    );
    const client = await connectClient(stage.front.port, { deadlineMs: 60_000 });
    await client.line();
    await client.sendLine(`a LOGIN ${alice.user} wrong`);
    await client.expect('a NO Once more');
    await client.sendLine(`b LOGIN ${alice.user} ${alice.password}`);
    await client.expect(/^b OK /);
    await client.close();
  });
});
