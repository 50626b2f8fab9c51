/**
 * A small IMAP4rev1 server (RFC 3501) with one mailbox in memory, for demos and for tests with real clients. It speaks
 * clear text only and is meant to stand behind a proxy on the same machine.
 */
import { Listening, type ListenOptions } from '../listening.js';
import { ImapConnection } from './connection.js';
import type { LoginCheck } from '../mail-store/login-check.js';
import type { Mailbox } from '../mail-store/mailbox.js';
import { mailboxOf, type StoreOptions } from '../mail-store/store-options.js';

/** How an IMAP backend runs. */
export interface ImapBackendOptions extends ListenOptions, StoreOptions {
  /** Whether a login is right. Default: every login is. */
  readonly check?: LoginCheck;
  /** Connections at the same time; more are closed at once. Default 1000. */
  readonly maxConnections?: number;
}

/** A running IMAP backend. */
export interface ImapBackend {
  readonly port: number;
  /** INBOX, the same for every user. */
  readonly inbox: Mailbox;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  close(): Promise<void>;
}

/**
 * Starts an IMAP backend.
 *
 * @example
 * const backend = await startImapBackend({ check: (_user, password) => password === 'secret' });
 * backend.inbox.append('Subject: hello\r\n\r\nHello.\r\n');
 */
export async function startImapBackend(options: ImapBackendOptions = {}): Promise<ImapBackend> {
  const inbox = mailboxOf(options);
  const { check = () => true, maxConnections = 1000 } = options;
  const listening = await Listening.start(options, (socket) => {
    if (listening.open > maxConnections) socket.destroy();
    else new ImapConnection(socket, inbox, check).start();
  });
  return {
    port: listening.port,
    inbox,
    get connections() {
      return listening.accepted;
    },
    get open() {
      return listening.open;
    },
    close: () => listening.close(),
  };
}
