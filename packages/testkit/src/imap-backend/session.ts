/** What the commands of one session work on, and the form of their answers. */
import type { Mailbox } from '../mail-store/mailbox.js';
import type { Token } from './tokens.js';
import type { View } from './view.js';

/** A session as commands see it. */
export interface ImapSession {
  readonly mailbox: Mailbox;
  /** The login, once there is one. */
  user: string | undefined;
  view: View | undefined;
  /** Whether a login is right. */
  check(user: string, password: string): boolean;
  /** Sends an untagged response; CRLF is added. */
  readonly say: (response: string | Buffer) => void;
}

/** The tagged answer of a command. */
export interface Answer {
  readonly status: 'OK' | 'NO' | 'BAD';
  readonly text: string;
  /** Keeps EXPUNGE responses back, since the client goes on counting. */
  readonly keepNumbers?: boolean;
  /** Ends the session. */
  readonly close?: boolean;
}

/** Performs a command. */
export type Handler = (session: ImapSession, args: readonly Token[]) => Answer;

/** The state in which a command is allowed. */
export type Needs = 'nothing' | 'login' | 'mailbox';

export const ok = (text: string, more: Partial<Answer> = {}): Answer => ({
  status: 'OK',
  text,
  ...more,
});
export const no = (text: string): Answer => ({ status: 'NO', text });
export const bad = (text: string): Answer => ({ status: 'BAD', text });
