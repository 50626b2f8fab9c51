/** Commands on messages: FETCH, STORE, SEARCH, and the same with UIDs. */
import { fetchItems, flagsItem, uidItem, type FetchItem } from './fetch.js';
import type { StoredMessage } from '../mail-store/mailbox.js';
import { fixed, uidExpunge } from './mailbox-commands.js';
import { searchCondition } from './search.js';
import { sequenceSet } from './sequence-set.js';
import { bad, no, ok, type Answer, type Handler, type ImapSession } from './session.js';
import { textOf, wordOf, type Token } from './tokens.js';
import type { View } from './view.js';

interface Numbered {
  readonly number: number;
  readonly message: StoredMessage;
}

/** The messages that a set names; undefined if it is no set. */
function chosen(view: View, set: Token | undefined, byUid: boolean): Numbered[] | undefined {
  const { messages } = view;
  const largest = byUid ? (messages.at(-1)?.uid ?? 0) : messages.length;
  const inSet = sequenceSet(textOf(set) ?? '', largest);
  if (inSet === undefined) return undefined;
  return messages
    .map((message, index) => ({ message, number: index + 1 }))
    .filter(({ message, number }) => inSet(byUid ? message.uid : number));
}

function sayFetch(
  session: ImapSession,
  { number, message }: Numbered,
  items: readonly FetchItem[],
) {
  const parts: Buffer[] = [Buffer.from(`* ${String(number)} FETCH (`)];
  items.forEach((item, index) => {
    if (index > 0) parts.push(Buffer.from(' '));
    parts.push(item.print(message));
  });
  session.say(Buffer.concat([...parts, Buffer.from(')')]));
}

const fetching =
  (byUid: boolean): Handler =>
  (session, args) => {
    const { view } = session;
    const [set, wanted, surplus] = args;
    const asked = surplus === undefined ? fetchItems(wanted) : undefined;
    const messages = view === undefined ? undefined : chosen(view, set, byUid);
    if (view === undefined || messages === undefined || asked === undefined) {
      return bad('FETCH needs a set of messages and known items');
    }
    const items = byUid && !asked.includes(uidItem) ? [uidItem, ...asked] : asked;
    const marks = !view.readOnly && items.some((item) => item.marksSeen);
    for (const numbered of messages) {
      sayFetch(session, numbered, marks ? marked(numbered, items) : items);
    }
    return ok('done', { keepNumbers: !byUid });
  };

/** Marks a message as read; where that is news, FLAGS are told too. */
function marked({ message }: Numbered, items: readonly FetchItem[]): readonly FetchItem[] {
  const isNews = !message.flags.has('\\Seen');
  message.flags.add('\\Seen');
  return isNews && !items.includes(flagsItem) ? [...items, flagsItem] : items;
}

const storing =
  (byUid: boolean): Handler =>
  (session, args) => {
    const { view } = session;
    const [set, item, ...rest] = args;
    const match = /^([+-]?)FLAGS(\.SILENT)?$/.exec(wordOf(item));
    const messages = view === undefined ? undefined : chosen(view, set, byUid);
    if (view === undefined || messages === undefined || match === null || rest.length === 0) {
      return bad('STORE needs a set of messages, FLAGS and flags');
    }
    if (view.readOnly) return no('[READ-ONLY] opened with EXAMINE');
    const flags = rest.flatMap((each) => (each.kind === 'list' ? each.items : [each]));
    const names = flags.flatMap((each) => textOf(each) ?? []);
    for (const numbered of messages) {
      changeFlags(numbered.message.flags, match[1] ?? '', names);
      if (match[2] !== undefined) continue;
      sayFetch(session, numbered, byUid ? [uidItem, flagsItem] : [flagsItem]);
    }
    return ok('done', { keepNumbers: !byUid });
  };

/** System flags have one spelling whatever the client writes. */
const systemFlags = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'];
/** Flags that one message may have. */
const mostFlags = 64;

function changeFlags(flags: Set<string>, sign: string, names: readonly string[]): void {
  if (sign === '') flags.clear();
  for (const name of names) {
    const flag = systemFlags.find((each) => each.toLowerCase() === name.toLowerCase()) ?? name;
    if (sign === '-') flags.delete(flag);
    else if (flags.size < mostFlags) flags.add(flag);
  }
}

const searching =
  (byUid: boolean): Handler =>
  (session, args) => {
    const { messages } = session.view ?? { messages: [] };
    const largest = { number: messages.length, uid: messages.at(-1)?.uid ?? 0 };
    const condition = args.length === 0 ? undefined : searchCondition(args, largest);
    if (condition === undefined) return bad('SEARCH with an unknown key');
    const found = messages.flatMap((message, index) =>
      condition(message, index + 1) ? [byUid ? message.uid : index + 1] : [],
    );
    session.say(['* SEARCH', ...found.map(String)].join(' '));
    return ok('done', { keepNumbers: !byUid });
  };

export const fetch = fetching(false);
export const store = storing(false);
export const search = searching(false);

const withUids: Readonly<Record<string, Handler>> = {
  FETCH: fetching(true),
  STORE: storing(true),
  SEARCH: searching(true),
  EXPUNGE: uidExpunge,
  COPY: fixed,
};

/** UID FETCH, UID STORE, UID SEARCH, UID EXPUNGE. */
export const uid: Handler = (session, args): Answer => {
  const [name, ...rest] = args;
  const word = wordOf(name);
  const handler = Object.hasOwn(withUids, word) ? withUids[word] : undefined;
  return handler === undefined ? bad('unknown UID command') : handler(session, rest);
};
