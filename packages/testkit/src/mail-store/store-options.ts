/** Which mailbox a backend serves: one of its own, or one that it shares with other backends. */
import { Mailbox, type MailboxLimits } from './mailbox.js';
import { welcomeMessage } from './welcome.js';

/** The mailbox of a backend. */
export interface StoreOptions {
  /** A mailbox that other backends serve too. Default: a new one. */
  readonly mailbox?: Mailbox;
  /** Messages of a new mailbox at the start. Default: one that says welcome. */
  readonly messages?: readonly (string | Uint8Array)[];
  /** Limits of a new mailbox. */
  readonly limits?: MailboxLimits;
}

/** The mailbox that is given, or a new one. */
export function mailboxOf(options: StoreOptions): Mailbox {
  if (options.mailbox !== undefined) return options.mailbox;
  const mailbox = new Mailbox('INBOX', options.limits);
  for (const message of options.messages ?? [welcomeMessage]) mailbox.append(message);
  return mailbox;
}
