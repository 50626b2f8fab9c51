/**
 * A private Postfix: own configuration, queue, mailboxes and log, all in one temporary directory, listening on one
 * loopback port. Its processes change users, so it must be started as root; the system's own service is not touched.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, run } from './child.js';
import { mailUser } from './dovecot-config.js';
import { freePort } from './free-port.js';
import { greetingOf } from './greeting.js';
import { mainCf, masterCf, type PostfixOptions } from './postfix-config.js';
import { withCarriageReturns } from './message.js';
import { familyOf, isRunning, textOf } from './processes.js';
import { until } from './until.js';

/** A running Postfix. */
export interface Postfix {
  readonly port: number;
  /** The messages of {@link reader} as they were sent: without the lines that Postfix puts in front. */
  stored(): readonly Buffer[];
  /** Waits for a message with `text` in it. */
  delivery(text: string): Promise<Buffer>;
  /** What it says in its log of the clients that sent something, oldest first: name, address, and login if any. */
  clients(): readonly string[];
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
  await prepare(directory, port, options);
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
    stored: () => inbox.messages(),
    delivery: (text) =>
      until(
        `message with "${text}"`,
        () => inbox.messages().find((each) => each.includes(text, 0, 'latin1')),
        {
          state: log,
        },
      ),
    clients: () => Array.from(log().matchAll(/: client=(.*)$/gm), ([, client = '']) => client),
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

/** Messages in files that never change once they are there. */
class Inbox {
  readonly #folder: string;
  readonly #read = new Map<string, Buffer>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** All of them as they were sent. */
  messages(): readonly Buffer[] {
    const names = existsSync(this.#folder) ? readdirSync(this.#folder) : [];
    return names.map((name) => {
      const message = this.#read.get(name) ?? asSent(readFileSync(join(this.#folder, name)));
      this.#read.set(name, message);
      return message;
    });
  }
}

const lineFeed = 10;

/** A message as it was sent: its lines end in CRLF, and the headers that Postfix puts in front are gone. */
function asSent(stored: Buffer): Buffer {
  let start = 0;
  for (;;) {
    const end = stored.indexOf(lineFeed, start);
    const line = stored.toString('latin1', start, end + 1);
    if (!/^(Return-Path|X-Original-To|Delivered-To|Received): |^\s/.test(line)) break;
    start = end + 1;
  }
  return withCarriageReturns(stored.subarray(start));
}
