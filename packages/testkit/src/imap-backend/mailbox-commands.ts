/** Commands on mailboxes: SELECT, LIST, STATUS, APPEND and the like. There is one mailbox, INBOX. */
import type { StoredMessage } from '../mail-store/mailbox.js';
import { bad, no, ok, type Answer, type Handler, type ImapSession } from './session.js';
import { sequenceSet, type InSet } from './sequence-set.js';
import { textOf, wordOf, type Token } from './tokens.js';
import { View } from './view.js';

const flags = '\\Answered \\Flagged \\Deleted \\Seen \\Draft';

const isInbox = (token: Token | undefined): boolean => wordOf(token) === 'INBOX';
const missing = no('[NONEXISTENT] there is no such mailbox');

const opening =
  (readOnly: boolean): Handler =>
  (session, args) => {
    session.view = undefined;
    if (!isInbox(args[0])) return missing;
    const { mailbox } = session;
    session.view = new View(mailbox, readOnly);
    session.say(`* FLAGS (${flags})`);
    session.say(`* ${String(mailbox.messages.length)} EXISTS`);
    session.say('* 0 RECENT');
    sayFirstUnseen(session);
    session.say(`* OK [PERMANENTFLAGS (${readOnly ? '' : `${flags} \\*`})] flags that are kept`);
    session.say(`* OK [UIDVALIDITY ${String(mailbox.uidValidity)}] UIDs are valid`);
    session.say(`* OK [UIDNEXT ${String(mailbox.uidNext)}] next UID`);
    return ok(readOnly ? '[READ-ONLY] opened' : '[READ-WRITE] opened');
  };

function sayFirstUnseen({ mailbox, say }: ImapSession): void {
  const index = mailbox.messages.findIndex((message) => !message.flags.has('\\Seen'));
  if (index !== -1) say(`* OK [UNSEEN ${String(index + 1)}] first unread`);
}

export const select = opening(false);
export const examine = opening(true);

const listing =
  (name: 'LIST' | 'LSUB'): Handler =>
  (session, args) => {
    const pattern = textOf(args[1]);
    if (pattern === undefined) return bad(`${name} needs a reference and a pattern`);
    if (pattern === '') session.say(`* ${name} (\\Noselect) "/" ""`);
    else if (fits(pattern.toUpperCase())) session.say(`* ${name} (\\HasNoChildren) "/" INBOX`);
    return ok('done');
  };

/** Whether a pattern with `*` and `%` fits INBOX. */
function fits(pattern: string): boolean {
  const parts = pattern.replaceAll('%', '*').split('*');
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  if (parts.length === 1) return first === 'INBOX';
  return 'INBOX'.startsWith(first) && 'INBOX'.endsWith(last) && first.length + last.length <= 5;
}

export const list = listing('LIST');
export const lsub = listing('LSUB');

/** SUBSCRIBE and UNSUBSCRIBE: INBOX always is. */
export const subscribe: Handler = (_session, args) => (isInbox(args[0]) ? ok('done') : missing);

/** Mailboxes cannot be made, renamed or removed. */
export const fixed: Handler = () => no('[CANNOT] there is one mailbox, INBOX, and no other');

export const status: Handler = ({ mailbox, say }, args) => {
  const [name, items] = args;
  if (items?.kind !== 'list') return bad('STATUS needs a mailbox and a list');
  if (!isInbox(name)) return missing;
  const values: Readonly<Record<string, number>> = {
    MESSAGES: mailbox.messages.length,
    RECENT: 0,
    UIDNEXT: mailbox.uidNext,
    UIDVALIDITY: mailbox.uidValidity,
    UNSEEN: mailbox.unseen,
  };
  const words = items.items.map(wordOf);
  if (!words.every((word) => Object.hasOwn(values, word))) return bad('unknown item');
  say(`* STATUS INBOX (${words.map((word) => `${word} ${String(values[word])}`).join(' ')})`);
  return ok('done');
};

export const append: Handler = ({ mailbox }, args) => {
  const message = args.at(-1);
  if (message?.kind !== 'string' || args.length < 2) return bad('APPEND needs a message');
  if (!isInbox(args[0])) return no('[TRYCREATE] there is no such mailbox');
  const flagList = args.find((each) => each.kind === 'list');
  const given = flagList?.items.flatMap((each) => textOf(each) ?? []) ?? [];
  const stored = mailbox.append(message.bytes, given, dateOf(args));
  if (stored === undefined) return no('[OVERQUOTA] the mailbox is full');
  return ok(`[APPENDUID ${String(mailbox.uidValidity)} ${String(stored.uid)}] stored`);
};

function dateOf(args: readonly Token[]): Date {
  const text = args.length > 2 ? textOf(args.at(-2)) : undefined;
  const time = Date.parse((text ?? '').trim().replace(/^(\d+)-(\w+)-(\d+)/, '$1 $2 $3'));
  return Number.isNaN(time) ? new Date() : new Date(time);
}

export const unselect: Handler = (session) => {
  session.view = undefined;
  return ok('closed');
};

export const close: Handler = (session) => {
  if (session.view !== undefined && !session.view.readOnly) removeDeleted(session.view);
  return unselect(session, []);
};

export const expunge: Handler = ({ view }): Answer => {
  if (view?.readOnly !== false) return no('[READ-ONLY] opened with EXAMINE');
  removeDeleted(view);
  return ok('done');
};

/** UID EXPUNGE (RFC 4315): removes only what is in the set. */
export const uidExpunge: Handler = ({ view }, args): Answer => {
  const inSet = sequenceSet(textOf(args[0]) ?? '', view?.messages.at(-1)?.uid ?? 0);
  if (inSet === undefined) return bad('UID EXPUNGE needs a set of UIDs');
  if (view?.readOnly !== false) return no('[READ-ONLY] opened with EXAMINE');
  removeDeleted(view, inSet);
  return ok('done');
};

function removeDeleted({ mailbox }: View, inSet: InSet = () => true): void {
  const gone = ({ flags, uid }: StoredMessage): boolean => flags.has('\\Deleted') && inSet(uid);
  mailbox.remove(new Set(mailbox.messages.filter(gone)));
}
