/** SEARCH: keys to a condition on messages (RFC 3501, section 6.4.4). */
import type { StoredMessage } from '../mail-store/mailbox.js';
import { bodyOf, fieldOf } from '../mail-store/message.js';
import { sequenceSet } from './sequence-set.js';
import { textOf, wordOf, type Token } from './tokens.js';

/** Whether a message with its sequence number is looked for. */
export type Condition = (message: StoredMessage, number: number) => boolean;

/** What `*` stands for. */
export interface Largest {
  readonly number: number;
  readonly uid: number;
}

const flagKeys: Readonly<Record<string, string>> = {
  SEEN: '\\Seen',
  ANSWERED: '\\Answered',
  DELETED: '\\Deleted',
  DRAFT: '\\Draft',
  FLAGGED: '\\Flagged',
};

/** Reads the keys of a SEARCH command; undefined if one is unknown or incomplete. */
export function searchCondition(args: readonly Token[], largest: Largest): Condition | undefined {
  const reader = new KeyReader(args, largest);
  return reader.all();
}

class KeyReader {
  readonly #args: readonly Token[];
  readonly #largest: Largest;
  #at = 0;

  constructor(args: readonly Token[], largest: Largest) {
    this.#args = args;
    this.#largest = largest;
  }

  all(): Condition | undefined {
    if (wordOf(this.#args[0]) === 'CHARSET') this.#at = 2;
    const conditions: Condition[] = [];
    do {
      const condition = this.#key();
      if (condition === undefined) return undefined;
      conditions.push(condition);
    } while (this.#at < this.#args.length);
    return (message, number) => conditions.every((condition) => condition(message, number));
  }

  #next(): Token | undefined {
    return this.#args[this.#at++];
  }

  #key(): Condition | undefined {
    const token = this.#next();
    if (token?.kind === 'list') return new KeyReader(token.items, this.#largest).all();
    const word = wordOf(token);
    return (
      this.#combined(word) ??
      flagCondition(word) ??
      this.#withText(word) ??
      this.#withNumber(word) ??
      this.#numbers(word)
    );
  }

  #combined(word: string): Condition | undefined {
    if (word === 'ALL' || word === 'OLD') return () => true;
    if (word === 'RECENT' || word === 'NEW') return () => false;
    if (word !== 'NOT' && word !== 'OR') return undefined;
    const first = this.#key();
    const second = word === 'OR' ? this.#key() : () => false;
    if (first === undefined || second === undefined) return undefined;
    return word === 'NOT'
      ? (message, number) => !first(message, number)
      : (message, number) => first(message, number) || second(message, number);
  }

  #withText(word: string): Condition | undefined {
    const isField = ['FROM', 'TO', 'CC', 'BCC', 'SUBJECT', 'HEADER'].includes(word);
    if (!isField && !['TEXT', 'BODY', 'KEYWORD', 'UNKEYWORD'].includes(word)) return undefined;
    const name = word === 'HEADER' ? textOf(this.#next()) : word;
    const wanted = textOf(this.#next())?.toLowerCase();
    if (name === undefined || wanted === undefined) return undefined;
    if (word === 'KEYWORD') return ({ flags }) => hasKeyword(flags, wanted);
    if (word === 'UNKEYWORD') return ({ flags }) => !hasKeyword(flags, wanted);
    return ({ bytes }) => {
      const place = word === 'BODY' ? bodyOf(bytes) : bytes;
      const text = isField ? fieldOf(bytes, name) : place.toString('utf8');
      return text?.toLowerCase().includes(wanted) === true;
    };
  }

  #withNumber(word: string): Condition | undefined {
    if (word === 'LARGER' || word === 'SMALLER') {
      const size = Number(textOf(this.#next()));
      return word === 'LARGER'
        ? ({ bytes }) => bytes.length > size
        : ({ bytes }) => bytes.length < size;
    }
    const kind = word.replace('SENT', '');
    if (kind !== 'SINCE' && kind !== 'BEFORE' && kind !== 'ON') return undefined;
    const day = Date.parse(`${textOf(this.#next()) ?? ''} UTC`);
    if (Number.isNaN(day)) return undefined;
    const end = day + 86_400_000;
    return ({ received }) => {
      const time = received.getTime();
      return (
        (kind === 'BEFORE' || time >= day) &&
        (kind === 'SINCE' || time < (kind === 'ON' ? end : day))
      );
    };
  }

  #numbers(word: string): Condition | undefined {
    if (word === 'UID') {
      const inSet = sequenceSet(textOf(this.#next()) ?? '', this.#largest.uid);
      return inSet === undefined ? undefined : ({ uid }) => inSet(uid);
    }
    const inSet = sequenceSet(word, this.#largest.number);
    return inSet === undefined ? undefined : (_message, number) => inSet(number);
  }
}

function flagCondition(word: string): Condition | undefined {
  const wanted = Object.hasOwn(flagKeys, word) ? flagKeys[word] : undefined;
  if (wanted !== undefined) return ({ flags }) => flags.has(wanted);
  const bare = word.startsWith('UN') ? word.slice(2) : '';
  const unwanted = Object.hasOwn(flagKeys, bare) ? flagKeys[bare] : undefined;
  return unwanted === undefined ? undefined : ({ flags }) => !flags.has(unwanted);
}

const hasKeyword = (flags: ReadonlySet<string>, wanted: string): boolean =>
  [...flags].some((flag) => flag.toLowerCase() === wanted);
