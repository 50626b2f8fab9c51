/** What the commands of one POP3 session work on, and the form of their answers. */
import type { LineReply } from '../line-server.js';
import type { LoginCheck } from '../mail-store/login-check.js';
import type { Mailbox, StoredMessage } from '../mail-store/mailbox.js';

/** A session as commands see it. */
export interface PopSession {
  readonly mailbox: Mailbox;
  readonly check: LoginCheck;
  /** The name that USER gave; undefined before it and after a refusal. */
  user: string | undefined;
  /** The messages as they were at login, numbered from 1; undefined before it. */
  messages: readonly StoredMessage[] | undefined;
  /** Marked by DELE; removed by QUIT. */
  readonly deleted: Set<StoredMessage>;
}

/** Performs a command. */
export type Handler = (session: PopSession, args: readonly string[], rest: string) => LineReply;

/** `+OK text`. */
export const ok = (text = ''): LineReply => ({ text: text === '' ? '+OK\r\n' : `+OK ${text}\r\n` });

/** `-ERR text`. */
export const err = (text: string): LineReply => ({ text: `-ERR ${text}\r\n` });

/** `+OK text` and lines behind it, up to a dot (RFC 1939, section 3). Each part ends with CRLF. */
export function many(text: string, body: string): LineReply {
  const lines = body.split('\r\n').map((line) => (line.startsWith('.') ? `.${line}` : line));
  return { text: Buffer.from(`+OK ${text}\r\n${lines.join('\r\n')}.\r\n`, 'latin1') };
}
