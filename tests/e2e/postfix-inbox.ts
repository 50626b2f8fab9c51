/** The mailbox of a private Postfix: files, each with a message that never changes once it is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withCarriageReturns } from './message.js';

/** A message in the mailbox. */
export interface StoredMessage {
  /** As it was sent: lines end in CRLF, and the headers that Postfix puts in front are gone. */
  readonly sent: Buffer;
  /** How Postfix calls it in its log. */
  readonly queueId: string;
}

/** A mailbox. */
export class Inbox {
  readonly #folder: string;
  readonly #read = new Map<string, StoredMessage>();

  /** `folder` is the one with new messages. It need not be there before the first comes. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Everything that has been delivered, in no order. */
  messages(): readonly StoredMessage[] {
    const names = existsSync(this.#folder) ? readdirSync(this.#folder) : [];
    return names.map((name) => {
      const message = this.#read.get(name) ?? parse(readFileSync(join(this.#folder, name)));
      this.#read.set(name, message);
      return message;
    });
  }
}

const lineFeed = 10;

function parse(stored: Buffer): StoredMessage {
  let start = 0;
  for (;;) {
    const end = stored.indexOf(lineFeed, start);
    const line = stored.toString('latin1', start, end + 1);
    if (!/^(Return-Path|X-Original-To|Delivered-To|Received): |^\s/.test(line)) break;
    start = end + 1;
  }
  const [, queueId = ''] =
    /\) with E?SMTPA? id (\w+)/.exec(stored.toString('latin1', 0, start)) ?? [];
  return { sent: withCarriageReturns(stored.subarray(start)), queueId };
}
