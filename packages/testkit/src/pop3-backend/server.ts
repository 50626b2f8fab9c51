/**
 * A small POP3 server (RFC 1939, CAPA of RFC 2449) with one mailbox in memory, for demos and for tests with real
 * clients. It speaks clear text only and is meant to stand behind a proxy on the same machine.
 */
import { startLineServer, type LineServerOptions, type LineService } from '../line-server.js';
import type { LoginCheck } from '../mail-store/login-check.js';
import type { Mailbox } from '../mail-store/mailbox.js';
import { mailboxOf, type StoreOptions } from '../mail-store/store-options.js';
import { perform } from './commands.js';
import type { PopSession } from './session.js';

/** How a POP3 backend runs. */
export interface Pop3BackendOptions extends LineServerOptions, StoreOptions {
  /** Whether a login is right. Default: every login is. */
  readonly check?: LoginCheck;
}

/** A running POP3 backend. */
export interface Pop3Backend {
  readonly port: number;
  /** The mailbox, the same for every user. */
  readonly inbox: Mailbox;
  close(): Promise<void>;
}

/**
 * Starts a POP3 backend.
 *
 * @example
 * const backend = await startPop3Backend({ check: (_user, password) => password === 'secret' });
 * backend.inbox.append('Subject: hello\r\n\r\nHello.\r\n');
 */
export async function startPop3Backend(options: Pop3BackendOptions = {}): Promise<Pop3Backend> {
  const inbox = mailboxOf(options);
  const { check = () => true } = options;
  const serve = (): LineService => serviceOf(inbox, check);
  const listening = await startLineServer(options, 0, serve);
  return { port: listening.port, inbox, close: () => listening.close() };
}

function serviceOf(mailbox: Mailbox, check: LoginCheck): LineService {
  const session: PopSession = {
    mailbox,
    check,
    user: undefined,
    messages: undefined,
    deleted: new Set(),
  };
  return {
    greeting: '+OK ready\r\n',
    inMessage: false,
    tooLong: '-ERR too long\r\n',
    answer: (line) => perform(session, line.toString('utf8')),
  };
}
