/** The people of the tests. Names and passwords are bytes: one character (Latin-1) for one byte. */

/** Someone with a mailbox. */
export interface Account {
  /** What is special, as the end of a sentence. */
  readonly trait: string;
  readonly user: string;
  readonly password: string;
  /** Where the mailbox is, under Dovecot's directory of mailboxes. */
  readonly home: string;
}

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

const every8BitByte = Array.from({ length: 128 }, (_, n) => String.fromCharCode(128 + n)).join('');

const traits: readonly (readonly [trait: string, user: string, password: string])[] = [
  ['letters and digits', 'alice', 'Secret123'],
  ['an address as the name', 'bob@example.com', 'Secret123'],
  ['quotes in the password', 'quotes', 'say "friend" and "enter"'],
  ['a lone quote as the password', 'quote', '"'],
  ['backslashes in the password', 'backslashes', 'C:\\new\\"table"\\\\'],
  ['spaces inside the password', 'spaces', 'correct horse  battery   staple'],
  ['spaces around the password', 'edges', '  both ends  '],
  // Dovecot itself refuses TAB and the byte 1.
  ['control bytes in the password', 'controls', 'bell\x07 \x1b[31m \x7f \x02\x1f'],
  ['percent signs in the password', 'percents', '100%25%0d%0a%s%'],
  ['a literal announced by the password', 'literal', '{5+} {5}'],
  ['protocol characters in the password', 'specials', '(a) * ]%&?=+/:;@#,<>|~`^$!'],
  ['UTF-8 in the password', 'utf8', utf8('пароль-密码-🔑-é')],
  ['every 8-bit byte in the password', 'bytes', every8BitByte],
  ['a long password', 'long', 'long-'.repeat(50)],
  ['a space in the name', 'two words', 'Secret123'],
  ['quotes and backslashes in the name', 'the"b\\c"user', 'Secret123'],
  ['a percent sign in the name', '50%25off', 'Secret123'],
  ['UTF-8 in the name', utf8('андрей-李'), 'Secret123'],
];

/** Everyone who has a mailbox. */
export const accounts: readonly Account[] = traits.map(([trait, user, password], index) => ({
  trait,
  user,
  password,
  home: `mailbox-${String(index)}`,
}));

/** The one with whom nothing is special. */
export const alice: Account = accountWith('letters and digits');

/** The account with this trait. */
export function accountWith(trait: string): Account {
  const account = accounts.find((each) => each.trait === trait);
  if (account === undefined) throw new Error(`there is no account with ${trait}`);
  return account;
}
