/** Clients written with Python's mail libraries: clients/*.py, which read what they shall do from standard input. */
import { fileURLToPath } from 'node:url';
import type { Account } from './accounts.js';
import { run } from './child.js';

/** The ways in which clients/account.py can log in over IMAP. */
export const waysToLogIn = [
  'LOGIN, quoted',
  'LOGIN, literal',
  'LOGIN, non-synchronizing literals',
  'AUTHENTICATE PLAIN',
  'AUTHENTICATE LOGIN',
  'AUTHENTICATE CRAM-MD5',
] as const;

/** One of {@link waysToLogIn}. */
export type WayToLogIn = (typeof waysToLogIn)[number];

/** The ways in which clients/pop.py can log in. */
export const waysToLogInByPop = [
  'USER and PASS',
  'APOP',
  'AUTH PLAIN',
  'AUTH PLAIN, asked for',
  'AUTH LOGIN',
  'AUTH CRAM-MD5',
] as const;

/** One of {@link waysToLogInByPop}. */
export type WayToLogInByPop = (typeof waysToLogInByPop)[number];

/** The ways in which clients/mta.py can log in. */
export const waysToLogInBySmtp = [
  'AUTH PLAIN',
  'AUTH PLAIN, asked for',
  'AUTH LOGIN',
  'AUTH LOGIN with the name',
  'AUTH CRAM-MD5',
] as const;

/** One of {@link waysToLogInBySmtp}. */
export type WayToLogInBySmtp = (typeof waysToLogInBySmtp)[number];

/** Runs clients/`name`.py with `request` and gives its output; rejects with Python's words when it fails. */
export function runClient(name: string, request: object): Promise<Buffer> {
  const script = fileURLToPath(new URL(`clients/${name}.py`, import.meta.url));
  // -B: nothing compiled is left in the source tree.
  return run('python3', ['-B', script], { input: JSON.stringify(request), deadlineMs: 110_000 });
}

/** What a client needs to know about an account. */
export type Credentials = Pick<Account, 'user' | 'password'>;

/** The credentials of an account. */
export const credentials = ({ user, password }: Account): Credentials => ({
  user,
  password,
});
