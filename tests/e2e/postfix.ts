/**
 * A private Postfix: own configuration, queue, mailboxes and log, all in one temporary directory, listening on one
 * loopback port. Its processes change users, so it must be started as root; the system's own service is not touched.
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.js';
import { Child, run } from './child.js';
import { mailUser } from './dovecot-config.js';
import { greetingOf } from './greeting.js';
import { mainCf, masterCf, type PostfixOptions } from './postfix-config.js';
import { Inbox, type StoredMessage } from './postfix-inbox.js';
import { familyOf, isRunning, textOf } from './processes.js';
import { until } from './until.js';

/** A message that Postfix has delivered. */
export interface Delivery {
  /** As it was sent. */
  readonly message: Buffer;
  /** What Postfix logged of the client that sent it: name, address, and login if any. */
  readonly client: string;
}

/** A running Postfix. */
export interface Postfix {
  readonly port: number;
  /** All messages in the one mailbox there is, as they were sent. */
  stored(): readonly Buffer[];
  /** Waits for a message with `text` in it. */
  delivery(text: string): Promise<Delivery>;
  /** What it logged. */
  log(): string;
  /** Ends all its processes and removes its directory. */
  stop(): Promise<void>;
}

/** Starts Postfix and waits until it greets. */
export async function startPostfix(options: PostfixOptions = {}): Promise<Postfix> {
  const directory = mkdtempSync(join(tmpdir(), 'postfix-'));
  const port = await freePort();
  const config = join(directory, 'etc');
  await prepare(directory, port, options).catch((error: unknown) => {
    rmSync(directory, { recursive: true });
    throw error;
  });
  const child = new Child('/usr/lib/postfix/sbin/master', ['-c', config, '-s']);
  const log = (): string => child.output + textOf(join(directory, 'log'));
  const stop = async (): Promise<void> => {
    const all = familyOf(child.pid);
    await child.stop();
    await until('end of all processes of Postfix', () => !all.some(isRunning));
    rmSync(directory, { recursive: true });
  };
  try {
    const greets = async (): Promise<boolean> => (await greetingOf(port)).startsWith('220 ');
    await until('greeting of Postfix', () => child.hasEnded || greets(), { state: log });
    if (child.hasEnded) throw new Error(`Postfix did not start: ${log()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  const inbox = new Inbox(join(directory, 'mail/inbox/new'));
  return {
    port,
    log,
    stop,
    stored: () => inbox.messages().map(({ sent }) => sent),
    delivery: async (text) => {
      const found = (): StoredMessage | undefined =>
        inbox.messages().find(({ sent }) => sent.includes(text, 0, 'latin1'));
      const { sent, queueId } = await until(`message with "${text}"`, found, { state: log });
      const line = new RegExp(`: ${queueId}: client=(.*)$`, 'm');
      const client = await until(`client of ${queueId}`, () => line.exec(log())?.[1], {
        state: log,
      });
      return { message: sent, client };
    },
  };
}

/** Writes the configuration and lets Postfix make the rest. */
async function prepare(directory: string, port: number, options: PostfixOptions): Promise<void> {
  // Its processes run as other users and must get through.
  chmodSync(directory, 0o755);
  for (const part of ['etc', 'queue', 'data', 'mail']) mkdirSync(join(directory, part));
  chownSync(join(directory, 'mail'), mailUser.uid, mailUser.gid);
  writeFileSync(join(directory, 'etc/main.cf'), mainCf(directory, options));
  writeFileSync(join(directory, 'etc/master.cf'), masterCf(port));
  const owner = (await run('id', ['-u', 'postfix'])).toString();
  chownSync(join(directory, 'data'), Number(owner), 0);
  await run('postfix', ['-c', join(directory, 'etc'), 'check']);
}
