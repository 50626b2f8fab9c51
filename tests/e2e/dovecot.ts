/**
 * A private Dovecot: own configuration, users, mailboxes, sockets and log, all in one temporary directory, listening on
 * two loopback ports. It must be started as root, as every Dovecot whose mail belongs to another user.
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.js';
import type { Account } from './accounts.js';
import { Child, run } from './child.js';
import { dovecotConf, mailUser, usersFile, type DovecotPorts } from './dovecot-config.js';
import { greetingOf } from './greeting.js';
import { familyOf, isRunning, textOf } from './processes.js';
import { until } from './until.js';

/** A running Dovecot. */
export interface Dovecot {
  /** Where it speaks which protocol. */
  readonly ports: DovecotPorts;
  /** A socket at which other programs may have logins checked. */
  readonly authSocket: string;
  /** Puts a message into the INBOX of `account`, as a delivery would. Lines must end in CRLF. */
  deliver(account: Account, message: Buffer): void;
  /** The messages in the INBOX of `account` as they are on disk, in the order they came. */
  stored(account: Account): readonly Buffer[];
  /** Process ids of the sessions of `account`. */
  sessions(account: Account): Promise<readonly number[]>;
  /** What it logged. */
  log(): string;
  /** Ends all its processes and removes its directory. */
  stop(): Promise<void>;
}

/** Starts Dovecot with a mailbox for each of `accounts` and waits until it greets. */
export async function startDovecot(accounts: readonly Account[]): Promise<Dovecot> {
  const directory = mkdtempSync(join(tmpdir(), 'dovecot-'));
  // Its processes run as other users and must get through.
  chmodSync(directory, 0o755);
  const ports = { imap: await freePort(), pop3: await freePort() };
  const authSocket = join(directory, 'auth');
  const conf = join(directory, 'dovecot.conf');
  writeFileSync(conf, dovecotConf(directory, ports, authSocket));
  writeFileSync(join(directory, 'users'), usersFile(directory, accounts));
  for (const account of accounts) makeMailbox(directory, account);
  const child = new Child('dovecot', ['-F', '-c', conf]);
  const log = (): string => child.output + textOf(join(directory, 'dovecot.log'));
  const stop = async (): Promise<void> => {
    const all = familyOf(child.pid);
    await child.stop();
    await until('end of all processes of Dovecot', () => !all.some(isRunning));
    rmSync(directory, { recursive: true });
  };
  try {
    const greets = async (): Promise<boolean> =>
      (await greetingOf(ports.imap)).startsWith('* OK') &&
      (await greetingOf(ports.pop3)).startsWith('+OK');
    await until('greeting of Dovecot', () => child.hasEnded || greets(), { state: log });
    if (child.hasEnded) throw new Error(`Dovecot did not start: ${log()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  let deliveries = 0;
  return {
    ports,
    authSocket,
    log,
    stop,
    deliver: (account, message) => {
      deliveries += 1;
      const name = `${String(Date.now())}.${String(deliveries)}.e2e`;
      deliverTo(inboxOf(directory, account), name, message);
    },
    stored: (account) => storedIn(inboxOf(directory, account)),
    sessions: async ({ user }) => {
      const lines = (await run('doveadm', ['-c', conf, 'who', '-1', user])).toString('latin1');
      return Array.from(lines.matchAll(/\simap\s+(\d+)\s/g), ([, pid]) => Number(pid));
    },
  };
}

const inboxOf = (directory: string, { home }: Account): string =>
  join(directory, 'mail', home, 'Maildir');

function makeMailbox(directory: string, account: Account): void {
  const inbox = inboxOf(directory, account);
  for (const part of ['', 'cur', 'new', 'tmp']) mkdirSync(join(inbox, part), { recursive: true });
  for (const path of [
    inbox,
    join(inbox, '..'),
    ...['cur', 'new', 'tmp'].map((p) => join(inbox, p)),
  ]) {
    chownSync(path, mailUser.uid, mailUser.gid);
  }
}

function deliverTo(inbox: string, name: string, message: Buffer): void {
  const path = join(inbox, 'new', name);
  writeFileSync(path, message);
  chownSync(path, mailUser.uid, mailUser.gid);
}

function storedIn(inbox: string): readonly Buffer[] {
  const files = ['new', 'cur'].flatMap((part) =>
    readdirSync(join(inbox, part)).map((name) => ({ name, path: join(inbox, part, name) })),
  );
  files.sort((one, other) => Number.parseFloat(one.name) - Number.parseFloat(other.name));
  return files.map(({ path }) => readFileSync(path));
}
