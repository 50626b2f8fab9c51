/** Commands on messages: STAT, LIST, UIDL, RETR, TOP, DELE, RSET. */
import type { StoredMessage } from '../mail-store/mailbox.js';
import { bodyOf, headerOf } from '../mail-store/message.js';
import { err, many, ok, type Handler, type PopSession } from './session.js';

const isNumber = (text: string | undefined): text is string =>
  text !== undefined && /^[0-9]{1,9}$/.test(text);

/** The messages that are not marked as deleted, with their numbers. */
function present({ messages = [], deleted }: PopSession): [number: number, StoredMessage][] {
  return messages.flatMap((message, index) => (deleted.has(message) ? [] : [[index + 1, message]]));
}

function named({ messages = [], deleted }: PopSession, number: string | undefined) {
  const message = isNumber(number) ? messages[Number(number) - 1] : undefined;
  return message === undefined || deleted.has(message) ? undefined : message;
}

const noSuch = err('there is no such message');

export const stat: Handler = (session) => {
  const all = present(session);
  const bytes = all.reduce((sum, [, message]) => sum + message.bytes.length, 0);
  return ok(`${String(all.length)} ${String(bytes)}`);
};

/** LIST and UIDL: one message's line, or those of all. */
const listing =
  (what: (message: StoredMessage) => string): Handler =>
  (session, [number]) => {
    if (number === undefined) {
      const lines = present(session).map(([each, it]) => `${String(each)} ${what(it)}\r\n`);
      return many('one line each', lines.join(''));
    }
    const message = named(session, number);
    return message === undefined ? noSuch : ok(`${number} ${what(message)}`);
  };

export const list = listing(({ bytes }) => String(bytes.length));
export const uidl = listing(({ uid }) => `uid-${String(uid)}`);

const complete = (text: string): string => (text.endsWith('\r\n') ? text : `${text}\r\n`);

export const retr: Handler = (session, [number]) => {
  const message = named(session, number);
  if (message === undefined) return noSuch;
  message.flags.add('\\Seen');
  const text = complete(message.bytes.toString('latin1'));
  return many(`${String(message.bytes.length)} bytes`, text);
};

/** The header, and so many lines of the body. */
export const top: Handler = (session, [number, count]) => {
  const message = named(session, number);
  if (!isNumber(count)) return err('TOP needs a message and a number of lines');
  if (message === undefined) return noSuch;
  const header = headerOf(message.bytes).toString('latin1');
  const lines = complete(bodyOf(message.bytes).toString('latin1')).split('\r\n').slice(0, -1);
  const body = lines.slice(0, Number(count)).map((line) => `${line}\r\n`);
  return many('the top of it', complete(header) + body.join(''));
};

export const dele: Handler = (session, [number]) => {
  const message = named(session, number);
  if (message === undefined) return noSuch;
  session.deleted.add(message);
  return ok('to be deleted by QUIT');
};

export const rset: Handler = (session) => {
  session.deleted.clear();
  return ok();
};
