/** Starting a mail proxy with an `nginx.conf` in a directory of its own, and reading what it logs. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.js';
import { Child } from './child.js';
import { greetingOf } from './greeting.js';
import { until } from './until.js';

/** What stands between the clients and the mail server. */
export interface Front {
  readonly port: number;
  /** Process id of the proxy, 0 if there is none. */
  readonly pid: number;
  /** Whether its process still runs. */
  isRunning(): boolean;
  /** The error log so far. */
  log(): string;
  /** Everything it wrote anywhere: standard output and error, and every file in its directory. */
  written(): string;
  /** Ends it; rejects if it does not end cleanly when asked to, or has complained on standard error. */
  stop(): Promise<void>;
}

/** What a proxy speaks. */
export type Protocol = 'imap' | 'pop3' | 'smtp';

/** What differs from test to test in the configuration. */
export interface FrontOptions {
  readonly authPort: number;
  /** Default `imap`. */
  readonly protocol?: Protocol;
  /** Level of the error log, default `info`. */
  readonly logLevel?: string;
  /** Further directives of `mail {}`. */
  readonly mail?: string;
  /** Further directives of `server {}`, where those of the protocol can be replaced. */
  readonly server?: string;
}

/** A program and its arguments, given the directory that holds `nginx.conf`. */
export type CommandLine = (directory: string) => readonly [command: string, ...args: string[]];

/** What each protocol offers its clients, in `mail {}`. */
const offers: Readonly<Record<Protocol, string>> = {
  imap: 'imap_auth plain login cram-md5; imap_capabilities IMAP4rev1 UIDPLUS IDLE LITERAL+;',
  pop3: 'pop3_auth plain apop cram-md5; pop3_capabilities TOP USER UIDL PIPELINING;',
  smtp: 'smtp_auth plain login cram-md5; smtp_capabilities PIPELINING 8BITMIME "SIZE 104857600";',
};

/** What a proxy greets with. */
const greetings: Readonly<Record<Protocol, string>> = {
  imap: '* OK IMAP4 ready',
  pop3: '+OK POP3 ready',
  smtp: '220 mail.example.com ESMTP ready',
};

const configuration = (
  port: number,
  { authPort, protocol = 'imap', logLevel = 'info', mail = '', server = '' }: FrontOptions,
): string => `
worker_processes 1;
error_log logs/error.log ${logLevel};
pid logs/proxy.pid;
events {
    worker_connections 4096;
}
mail {
    server_name mail.example.com;
    auth_http 127.0.0.1:${String(authPort)}/auth;
    ${offers[protocol]}
    ${mail}
    server {
        listen 127.0.0.1:${String(port)} backlog=1024;
        protocol ${protocol};
        ${server}
    }
}
`;

/** Starts a proxy and waits for its greeting. Rejects with what it wrote if it ends before. */
export async function startProxyProcess(
  commandLine: CommandLine,
  options: FrontOptions,
): Promise<Front> {
  const port = await freePort();
  const greeting = greetings[options.protocol ?? 'imap'];
  return startWithText(commandLine, configuration(port, options), { port, greeting });
}

/** The same with a whole configuration; `awaited` says where it then greets, and how the greeting begins. */
export async function startWithText(
  commandLine: CommandLine,
  text: string,
  awaited: { readonly port: number; readonly greeting: string },
): Promise<Front> {
  const { port, greeting } = awaited;
  const directory = mkdtempSync(join(tmpdir(), 'proxy-'));
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, 'logs'));
  writeFileSync(join(directory, 'nginx.conf'), text);
  const [command, ...args] = commandLine(directory);
  const child = new Child(command, args);
  const log = (): string => contents(join(directory, 'logs/error.log'));
  const written = (): string => [child.output, ...filesOf(directory).map(contents)].join('\n');
  const stop = async (): Promise<void> => {
    const outcome = await child.stop();
    rmSync(directory, { recursive: true });
    // What a proxy says outside its log are complaints: warnings of Node, rejections nobody handled.
    if (outcome !== 0 || child.output !== '') {
      throw new Error(`the proxy ended with ${String(outcome)} and said "${child.output}"`);
    }
  };
  try {
    const greets = async (): Promise<boolean> => (await greetingOf(port)).startsWith(greeting);
    await until('greeting of the proxy', () => child.hasEnded || greets(), { state: written });
    if (child.hasEnded) throw new Error(`the proxy did not start: ${written()}`);
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
  return { port, pid: child.pid, isRunning: () => !child.hasEnded, log, written, stop };
}

const contents = (path: string): string => (existsSync(path) ? readFileSync(path, 'latin1') : '');

function filesOf(directory: string): readonly string[] {
  const entries = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const paths = entries.map((entry) => join(directory, entry));
  return paths.filter((path) => !path.endsWith('/nginx.conf') && statSync(path).isFile());
}
