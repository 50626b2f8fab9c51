/** Logins of Python's poplib, in every way it can, with every kind of name and password. */
import { acceptLogin, connectClient, refuseLogin, type ScriptedPeer } from '@postern/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accounts, accountWith, alice, type Account } from './accounts.js';
import { bigMessage, checksum, letterTo } from './message.js';
import {
  credentials,
  runClient,
  waysToLogInByPop,
  type Credentials,
  type WayToLogInByPop,
} from './python.js';
import { setStage, type Stage } from './stage.js';

const deadlineMs = 60_000;

let stage: Stage;

beforeAll(async () => {
  stage = await setStage({ protocol: 'pop3' });
  for (const account of accounts) stage.dovecot.deliver(account, letterTo(account.user));
  return () => stage.stop();
});

/** What each of `people` reads, or the error it meets, when all log in one after the other. */
async function readMail(
  way: WayToLogInByPop,
  people: readonly Credentials[],
): Promise<readonly string[]> {
  const request = { port: stage.front.port, way, accounts: people };
  return JSON.parse((await runClient('pop-logins', request)).toString()) as readonly string[];
}

/**
 * The argument of PASS begins at its first character that is no space. The names of digests end at the first space, and
 * the headers of an auth answer, from which the password for the backend comes then, carry no spaces at the ends.
 */
function canUse(way: WayToLogInByPop, { user, password }: Account): boolean {
  switch (way) {
    case 'USER and PASS':
      return password === password.trimStart();
    case 'APOP':
    case 'AUTH CRAM-MD5':
      return password === password.trim() && !user.includes(' ');
    default:
      return true;
  }
}

const cases = waysToLogInByPop.map((way) => ({
  way,
  people: accounts.filter((account) => canUse(way, account)),
}));

describe.each(cases)('python poplib logs in by $way and reads its own mail', ({ way, people }) => {
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
    { user, password },
    { user: 'nobody', password: 'Secret123' },
  ];

  it.each(waysToLogInByPop)('by %s carries the text of the auth service', async (way) => {
    const outcomes = await readMail(way, wrong);
    for (const outcome of outcomes) expect(outcome).toContain('-ERR Wrong name or password');
    expect(outcomes).toHaveLength(wrong.length);
  });
});

describe('on one connection', () => {
  let client: ScriptedPeer;

  beforeEach(async () => {
    client = await connectClient(stage.front.port, { deadlineMs });
    await client.expect(/^\+OK POP3 ready <\d+\.\d+@mail\.example\.com>$/);
  });

  afterEach(() => client.close());

  it('a login that is refused with a wait can be repeated, name first', async () => {
    stage.auth.answerWith((request) =>
      request.attempt === 1 ? refuseLogin('Once more', 1) : acceptLogin(stage.dovecot.ports.pop3),
    );
    await client.send(`USER ${alice.user}\r\nPASS wrong\r\n`);
    await client.expect('+OK', '-ERR Once more');
    await client.sendLine(`PASS ${alice.password}`);
    await client.expect('-ERR invalid command');
    await client.send(`USER ${alice.user}\r\nPASS ${alice.password}\r\n`);
    await client.expect('+OK', /^\+OK Logged in/);
  });

  it('a login and what follows may come in one segment', async () => {
    stage.auth.answerWith(() => acceptLogin(stage.dovecot.ports.pop3));
    const login = `CAPA\r\nUSER ${alice.user}\r\nPASS ${alice.password}\r\n`;
    await client.send(`${login}STAT\r\nRETR 1\r\nUIDL 1\r\nQUIT\r\n`);
    await client.readUntil('SASL PLAIN LOGIN CRAM-MD5\r\n.\r\n+OK\r\n+OK Logged in');
    const letter = letterTo(alice.user).toString();
    const answers = await client.readToEnd();
    expect(answers).toContain(`\r\n+OK 1 ${String(letter.length)}\r\n`);
    expect(answers).toContain(` octets\r\n${letter}.\r\n+OK 1 `);
    expect(answers).toMatch(/\r\n\+OK Logging out\.\r\n$/);
  });
});

it('python poplib retrieves a message of 50 MB with equal checksum', async () => {
  const people = [alice];
  const other = await setStage({ protocol: 'pop3', people });
  try {
    const message = bigMessage(50);
    other.dovecot.deliver(alice, message);
    const answer = await runClient('retr', { port: other.front.port, ...credentials(alice) });
    expect(answer.toString().trim()).toBe(`${String(message.length)} ${checksum(message)}`);
  } finally {
    await other.stop();
  }
});
