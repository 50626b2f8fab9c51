/**
 * What clients and backends of each protocol say, so that one test holds for all three. A login is one piece of bytes;
 * a backend answers it line by line.
 */
import type { ScriptedPeer } from '@postern/testkit';

/** A protocol as `protocol` of a server block names it. */
export type ProtocolName = 'imap' | 'pop3' | 'smtp';

/** A protocol in the mouths of its speakers. Replies of more than one line are given with their line ends. */
export interface Language {
  readonly name: ProtocolName;
  readonly greeting: RegExp;
  /** The commands of a login. */
  readonly login: (user: string, password: string) => string;
  /** What is said to a login before its result is known. */
  readonly prelude: string;
  /** The result of a login that a backend of {@link says} accepts. */
  readonly accepted: string;
  /** The result of a login that the auth service refuses with `text`. */
  readonly refused: (text: string) => string;
  readonly internalError: string;
  readonly invalid: string;
  /** Starts a SASL exchange. */
  readonly sasl: (mechanism: string, initial?: string) => string;
  /** What stands before a challenge. */
  readonly challenge: string;
  readonly noop: string;
  readonly noopDone: string;
  readonly quit: string;
  readonly bye: string;
  /** What a backend says: its greeting, then the answer to each command of a login. */
  readonly says: readonly string[];
}

/** Base64 of text whose characters are bytes. */
export const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

const line = (text: string): string => `${text}\r\n`;
const withInitial = (command: string, initial: string | undefined): string =>
  line(initial === undefined ? command : `${command} ${initial}`);

const imap: Language = {
  name: 'imap',
  greeting: /^\* OK IMAP4 ready$/,
  login: (user, password) => line(`a LOGIN "${user}" "${password}"`),
  prelude: '',
  accepted: line('a OK logged in'),
  refused: (text) => line(`a NO ${text}`),
  internalError: line('* BAD internal server error'),
  invalid: line('a BAD invalid command'),
  sasl: (mechanism, initial) => withInitial(`a AUTHENTICATE ${mechanism}`, initial),
  challenge: '+ ',
  noop: line('a NOOP'),
  noopDone: line('a OK completed'),
  quit: line('z LOGOUT'),
  bye: line('* BYE\r\nz OK completed'),
  says: ['* OK ready', 'a OK logged in'],
};

const pop3: Language = {
  name: 'pop3',
  greeting: /^\+OK POP3 ready/,
  login: (user, password) => line(`USER ${user}\r\nPASS ${password}`),
  prelude: line('+OK'),
  accepted: line('+OK logged in'),
  refused: (text) => line(`-ERR ${text}`),
  internalError: line('-ERR internal server error'),
  invalid: line('-ERR invalid command'),
  sasl: (mechanism, initial) => withInitial(`AUTH ${mechanism}`, initial),
  challenge: '+ ',
  noop: line('NOOP'),
  noopDone: line('+OK'),
  quit: line('QUIT'),
  bye: line('+OK'),
  says: ['+OK ready', '+OK', '+OK logged in'],
};

const smtp: Language = {
  name: 'smtp',
  greeting: /^220 mail\.example\.com ESMTP ready$/,
  login: (user, password) => line(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`),
  prelude: '',
  accepted: line('235 2.0.0 OK'),
  refused: (text) => line(`535 5.7.0 ${text}`),
  internalError: line('451 4.3.2 Internal server error'),
  invalid: line('500 5.5.1 Invalid command'),
  sasl: (mechanism, initial) => withInitial(`AUTH ${mechanism}`, initial),
  challenge: '334 ',
  noop: line('NOOP'),
  noopDone: line('250 2.0.0 OK'),
  quit: line('QUIT'),
  bye: line('221 2.0.0 Bye'),
  says: ['220 ready', '250 backend', '220 welcome'],
};

/** By name. */
export const languages: Readonly<Record<ProtocolName, Language>> = { imap, pop3, smtp };

/** All three. */
export const everyLanguage: readonly Language[] = [imap, pop3, smtp];

/**
 * Plays a backend up to its `count`th line; default: all of them, so that it lets everybody in. Literals of IMAP are
 * invited.
 */
export async function playBackend(
  proxy: ScriptedPeer,
  { says }: Language,
  count = says.length,
): Promise<void> {
  for (const [at, text] of says.slice(0, count).entries()) {
    if (at > 0) await command(proxy);
    await proxy.sendLine(text);
  }
}

/** A whole command of the proxy. */
async function command(proxy: ScriptedPeer): Promise<void> {
  for (let said = await proxy.line(); said.endsWith('}'); said = await proxy.line()) {
    await proxy.sendLine('+ go on');
  }
}
