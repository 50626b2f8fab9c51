/** FETCH: which items a client asks for, and their values for one message. */
import {
  addressesOf,
  bodyOf,
  contentTypeOf,
  fieldOf,
  headerOf,
  selectFields,
} from '../mail-store/message.js';
import type { StoredMessage } from '../mail-store/mailbox.js';
import { astring, wordOf, type Token } from './tokens.js';

/** One item; gives its name and value as response bytes. */
export interface FetchItem {
  /** Whether asking for it marks the message as read. */
  readonly marksSeen: boolean;
  readonly print: (message: StoredMessage) => Buffer;
}

const macros: Readonly<Record<string, readonly string[]>> = {
  ALL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE'],
  FAST: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'],
  FULL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY'],
};

/** The items of FETCH's last argument; undefined if one is unknown. */
export function fetchItems(token: Token | undefined): readonly FetchItem[] | undefined {
  const words =
    token?.kind === 'list' ? token.items.map(wordOf) : (macros[wordOf(token)] ?? [wordOf(token)]);
  const items = words.map(itemOf);
  const known = items.filter((item) => item !== undefined);
  return known.length === items.length && known.length > 0 ? known : undefined;
}

/** The item that UID FETCH adds by itself. */
export const uidItem = textItem('UID', ({ uid }) => String(uid));

/** Flags as FETCH shows them. */
export const flagsItem = textItem('FLAGS', ({ flags }) => `(${[...flags].join(' ')})`);

function textItem(name: string, value: (message: StoredMessage) => string): FetchItem {
  return { marksSeen: false, print: (message) => Buffer.from(`${name} ${value(message)}`) };
}

const simple: Readonly<Record<string, FetchItem>> = {
  UID: uidItem,
  FLAGS: flagsItem,
  INTERNALDATE: textItem('INTERNALDATE', ({ received }) => `"${internalDate(received)}"`),
  'RFC822.SIZE': textItem('RFC822.SIZE', ({ bytes }) => String(bytes.length)),
  ENVELOPE: textItem('ENVELOPE', ({ bytes }) => envelope(bytes)),
  BODY: textItem('BODY', ({ bytes }) => structure(bytes, false)),
  BODYSTRUCTURE: textItem('BODYSTRUCTURE', ({ bytes }) => structure(bytes, true)),
  RFC822: literalItem('RFC822', true, (bytes) => bytes),
  'RFC822.HEADER': literalItem('RFC822.HEADER', false, headerOf),
  'RFC822.TEXT': literalItem('RFC822.TEXT', true, bodyOf),
};

function itemOf(word: string): FetchItem | undefined {
  return Object.hasOwn(simple, word) ? simple[word] : sectionItem(word);
}

function literalItem(name: string, marksSeen: boolean, part: (bytes: Buffer) => Buffer): FetchItem {
  return {
    marksSeen,
    print: ({ bytes }) => {
      const value = part(bytes);
      return Buffer.concat([Buffer.from(`${name} {${String(value.length)}}\r\n`), value]);
    },
  };
}

/** `BODY[section]<from.count>` and `BODY.PEEK[...]`. */
function sectionItem(word: string): FetchItem | undefined {
  const match = /^BODY(\.PEEK)?\[([^\]]*)\](?:<(\d{1,9})\.(\d{1,9})>)?$/.exec(word);
  if (match === null) return undefined;
  const [, peek, section = '', from, count] = match;
  const part = sectionOf(section);
  if (part === undefined) return undefined;
  const name = `BODY[${section}]${from === undefined ? '' : `<${from}>`}`;
  const start = Number(from ?? 0);
  const end = count === undefined ? undefined : start + Number(count);
  return literalItem(name, peek === undefined, (bytes) => part(bytes).subarray(start, end));
}

function sectionOf(section: string): ((message: Buffer) => Buffer) | undefined {
  if (section === '') return (message) => message;
  if (section === 'HEADER' || section === '1.MIME') return headerOf;
  if (section === 'TEXT' || section === '1' || section === '1.TEXT') return bodyOf;
  const match = /^HEADER\.FIELDS(\.NOT)? \(([^()]*)\)$/.exec(section);
  if (match === null) return undefined;
  const names = (match[2] ?? '').split(' ').map((name) => name.replaceAll('"', ''));
  return (message) => selectFields(message, names, match[1] !== undefined);
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `22-Nov-2026 17:00:00 +0000`. */
export function internalDate(date: Date): string {
  const day = String(date.getUTCDate()).padStart(2, ' ');
  const month = months[date.getUTCMonth()] ?? '';
  const time = date.toISOString().slice(11, 19);
  return `${day}-${month}-${String(date.getUTCFullYear())} ${time} +0000`;
}

function envelope(message: Buffer): string {
  const text = (name: string): string => astring(fieldOf(message, name));
  const from = fieldOf(message, 'from');
  const people = (name: string, otherwise?: string): string =>
    addressList(fieldOf(message, name) ?? otherwise);
  const parts = [
    text('date'),
    text('subject'),
    addressList(from),
    people('sender', from),
    people('reply-to', from),
    people('to'),
    people('cc'),
    people('bcc'),
    text('in-reply-to'),
    text('message-id'),
  ];
  return `(${parts.join(' ')})`;
}

function addressList(value: string | undefined): string {
  const addresses = addressesOf(value);
  if (addresses.length === 0) return 'NIL';
  const one = ({ name, mailbox, host }: (typeof addresses)[number]): string =>
    `(${astring(name)} NIL ${astring(mailbox)} ${astring(host)})`;
  return `(${addresses.map(one).join('')})`;
}

/** The structure of a message, which is told as one part whatever it is. */
function structure(message: Buffer, extended: boolean): string {
  const { type, subtype, charset } = contentTypeOf(message);
  const body = bodyOf(message);
  const encoding = fieldOf(message, 'content-transfer-encoding') ?? '7bit';
  const isText = type.toLowerCase() === 'text';
  const kind = isText ? [type, subtype] : ['application', 'octet-stream'];
  const parts = [
    ...kind.map((each) => astring(each.toUpperCase())),
    isText ? `("CHARSET" ${astring(charset)})` : 'NIL',
    'NIL NIL',
    astring(encoding.toUpperCase()),
    String(body.length),
    ...(isText ? [String(body.toString('latin1').split('\r\n').length - 1)] : []),
    ...(extended ? ['NIL NIL NIL NIL'] : []),
  ];
  return `(${parts.join(' ')})`;
}
