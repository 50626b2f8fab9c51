/** An SMTP command as the parser hands it over. */
import { isMechanismName, Secret, type CommandView } from '@postern/core';

/** The commands that exist before login; every other verb is an invalid command. */
export const verbs = [
  'HELO',
  'EHLO',
  'QUIT',
  'AUTH',
  'NOOP',
  'MAIL',
  'RSET',
  'RCPT',
  'VRFY',
  'EXPN',
  'HELP',
  'STARTTLS',
] as const;

/** A command's verb. */
export type Verb = (typeof verbs)[number];

/** A command. Of AUTH, which may hold a secret, only the mechanism is shown; `operands` print as `***`. */
export interface SmtpCommand extends CommandView {
  /** The verb in upper case; empty when it is unknown. */
  readonly name: Verb | '';
  /** All arguments; of AUTH the mechanism. For modules. */
  readonly args: readonly Uint8Array[];
  /** All arguments, in memory of their own. For the dialog. */
  readonly operands: readonly Secret[];
  /** The command as typed, line end included; of AUTH nothing. */
  readonly typed: Uint8Array;
}

const nothing = new Uint8Array(0);

/** A command of which no more than the verb is known. */
export function bareCommand(name: Verb | ''): SmtpCommand {
  return { name, args: [], operands: [], typed: nothing };
}

/** A complete command. `words` and `typed` must be memory of their own. */
export function createCommand(
  name: Verb | '',
  words: readonly Uint8Array[],
  typed: Uint8Array,
): SmtpCommand {
  const operands = words.map((word) => new Secret(word));
  if (name !== 'AUTH') return { name, args: words, operands, typed };
  return { name, args: openWords(words), operands, typed: nothing };
}

function openWords([mechanism]: readonly Uint8Array[]): readonly Uint8Array[] {
  return mechanism !== undefined && isMechanismName(mechanism) ? [mechanism] : [];
}
