/**
 * A small SMTP server (RFC 5321) that puts every message into one mailbox in memory, for demos and for tests with real
 * clients. It speaks clear text only, believes XCLIENT whoever says it, and is meant to stand behind a proxy on the
 * same machine.
 */
import { startLineServer, type LineServerOptions, type LineService } from '../line-server.js';
import type { LoginCheck } from '../mail-store/login-check.js';
import type { Mailbox } from '../mail-store/mailbox.js';
import { mailboxOf, type StoreOptions } from '../mail-store/store-options.js';
import { perform } from './commands.js';
import type { SmtpSession } from './session.js';

/** How an SMTP backend runs. */
export interface SmtpBackendOptions extends LineServerOptions, StoreOptions {
  /** Whether a login by AUTH is right. Default: every login is. */
  readonly check?: LoginCheck;
}

/** A running SMTP backend. */
export interface SmtpBackend {
  readonly port: number;
  /** Where the messages are put, whoever they are for. */
  readonly inbox: Mailbox;
  close(): Promise<void>;
}

/**
 * Starts an SMTP backend.
 *
 * @example
 * const backend = await startSmtpBackend({ messages: [] });
 * backend.inbox.watch(() => console.log(backend.inbox.messages.length));
 */
export async function startSmtpBackend(options: SmtpBackendOptions = {}): Promise<SmtpBackend> {
  const inbox = mailboxOf(options);
  const { check = () => true } = options;
  const serve = (): LineService => serviceOf(inbox, check);
  const listening = await startLineServer(options, inbox.maxBytes, serve);
  return { port: listening.port, inbox, close: () => listening.close() };
}

function serviceOf(mailbox: Mailbox, check: LoginCheck): LineService {
  const session: SmtpSession = {
    mailbox,
    check,
    helo: '',
    client: new Map(),
    user: undefined,
    sender: undefined,
    recipients: [],
    message: undefined,
    awaitsPassword: false,
  };
  return {
    greeting: '220 backend ESMTP ready\r\n',
    get inMessage() {
      return session.message !== undefined;
    },
    tooLong: '500 5.5.2 too long\r\n',
    answer: (line) => perform(session, line),
  };
}
