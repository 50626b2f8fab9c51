/** Submission by Python's smtplib, with logins in every way it can, with every kind of name and password. */
import { refuseLogin } from '@postern/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { accounts, accountWith, alice, type Account } from './accounts.js';
import { letterTo } from './message.js';
import { reader } from './postfix-config.js';
import {
  credentials,
  runClient,
  waysToLogInBySmtp,
  type Credentials,
  type WayToLogInBySmtp,
} from './python.js';
import { setSmtpStage, type SmtpStage } from './smtp-stage.js';

let stage: SmtpStage;

/** Where the client is, so that it is not taken for the proxy. */
const clientAddress = '127.0.0.7';

interface Writer extends Credentials {
  readonly message: string;
}

/** What becomes of the messages of `writers` when all log in one after the other. */
async function submit(
  way: WayToLogInBySmtp,
  writers: readonly Writer[],
): Promise<readonly string[]> {
  const address = { port: stage.front.port, from_address: clientAddress };
  const envelope = { sender: 'writer@example.net', recipient: reader };
  const request = { ...address, ...envelope, way, accounts: writers };
  return JSON.parse((await runClient('submit', request)).toString()) as readonly string[];
}

/** A message that tells by whom and how it was sent. */
const letterBy = ({ user }: Credentials, way: string): string =>
  letterTo(`${way} of ${user}`).toString('latin1');

const writersBy = (way: string, people: readonly Credentials[]): readonly Writer[] =>
  people.map((person) => ({ ...person, message: letterBy(person, way) }));

describe('python smtplib', () => {
  beforeAll(async () => {
    stage = await setSmtpStage();
    return () => stage.stop();
  });

  /** CRAM-MD5 takes the name to end at the first space. */
  const canUse = (way: WayToLogInBySmtp, { user }: Account): boolean =>
    way !== 'AUTH CRAM-MD5' || !user.includes(' ');

  const cases = waysToLogInBySmtp.map((way) => ({
    way,
    people: accounts.filter((account) => canUse(way, account)),
  }));

  describe.each(cases)('sends a message after a login by $way', ({ way, people }) => {
    let outcomes: readonly string[];

    beforeAll(async () => {
      outcomes = await submit(way, writersBy(way, people.map(credentials)));
    });

    it.each(people)('with $trait, and Postfix learns who and where it is', async (account) => {
      expect(outcomes[people.indexOf(account)]).toBe('sent');
      const letter = letterBy(account, way);
      const { message, client } = await stage.postfix.delivery(letter);
      expect(message.toString('latin1')).toBe(letter);
      const login = `sasl_method=XCLIENT, sasl_username=${account.user}`;
      expect(client).toBe(`unknown[${clientAddress}], ${login}`);
    });
  });

  describe('is refused', () => {
    const { user } = alice;
    const wrong = [
      { user, password: 'Secret124' },
      { user, password: 'Secret123 ' },
      { user, password: accountWith('quotes in the password').password },
      { user: 'nobody', password: 'Secret123' },
    ];

    it.each(waysToLogInBySmtp)('by %s with the text of the auth service', async (way) => {
      const before = stage.postfix.stored().length;
      const outcomes = await submit(way, writersBy(way, wrong));
      expect(outcomes).toHaveLength(wrong.length);
      for (const outcome of outcomes) {
        expect(outcome).toContain("(535, b'5.7.0 Wrong name or password')");
      }
      expect(stage.postfix.stored()).toHaveLength(before);
    });

    it('with the code that the auth service chooses', async () => {
      stage.auth.answerWith(() => ({ ...refuseLogin('Not now'), errorCode: '454 4.7.0' }));
      const outcomes = await submit('AUTH PLAIN', writersBy('never', [alice]));
      expect(outcomes).toEqual(["SMTPResponseException: (454, b'4.7.0 Not now')"]);
    });
  });
});

const kinds = [
  {
    name: 'xclient off: Postfix sees the proxy',
    options: { mail: 'xclient off;' },
    seen: () => 'localhost[127.0.0.1]',
  },
  {
    name: 'proxy_smtp_auth on: Postfix checks the login itself, and learns of the client by XCLIENT',
    options: { backendAuth: true, mail: 'proxy_smtp_auth on;' },
    seen: (user: string) => `unknown[127.0.0.7], sasl_method=PLAIN, sasl_username=${user}`,
  },
  {
    name: 'proxy_smtp_auth on, xclient off: Postfix checks the login and sees the proxy',
    options: { backendAuth: true, mail: 'proxy_smtp_auth on; xclient off;' },
    seen: (user: string) => `localhost[127.0.0.1], sasl_method=PLAIN, sasl_username=${user}`,
  },
];

describe.each(kinds)('$name', ({ options, seen }) => {
  it('with every kind of name and password', async () => {
    stage = await setSmtpStage(options);
    try {
      const outcomes = await submit('AUTH PLAIN', writersBy('all', accounts.map(credentials)));
      expect(outcomes).toEqual(accounts.map(() => 'sent'));
      for (const account of accounts) {
        const { client } = await stage.postfix.delivery(letterBy(account, 'all'));
        expect(client).toBe(seen(account.user));
      }
    } finally {
      await stage.stop();
    }
  });
});

it('proxy_smtp_auth on: a login that Postfix refuses is an internal error, or its own words', async () => {
  const knocks = async (mail: string): Promise<readonly string[]> => {
    stage = await setSmtpStage({ backendAuth: true, mail: `proxy_smtp_auth on; ${mail}` });
    try {
      const { port } = stage.postfix;
      stage.auth.answerWith(() => ({ server: '127.0.0.1', port, pass: 'another' }));
      return await submit('AUTH PLAIN', writersBy('never', [alice]));
    } finally {
      await stage.stop();
    }
  };
  expect(await knocks('')).toEqual([expect.stringContaining('4.3.2 Internal server error')]);
  const words = await knocks('proxy_pass_error_message on;');
  expect(words).toEqual([expect.stringContaining("(535, b'5.7.8 Error: authentication failed")]);
});
