/** An IMAP command as the parser hands it over. */
import { isMechanismName, Secret, type CommandView } from '@postern/core';

/** The commands that exist before login; every other verb is an invalid command. */
export const verbs = ['NOOP', 'LOGIN', 'LOGOUT', 'STARTTLS', 'CAPABILITY', 'AUTHENTICATE'] as const;

/** A command's verb. */
export type Verb = (typeof verbs)[number];

/** A command. What may hold a secret is in `operands` alone, which print as `***`. */
export interface ImapCommand extends CommandView {
  /** The tag with the space behind it; empty when no tag could be read. */
  readonly tag: Uint8Array;
  /** The verb in upper case; empty when it is unknown. */
  readonly name: Verb | '';
  /** All arguments; of LOGIN none, of AUTHENTICATE the mechanism. For modules. */
  readonly args: readonly Uint8Array[];
  /** All arguments, in memory of their own. For the dialog. */
  readonly operands: readonly Secret[];
}

/** A command that has no arguments (yet). */
export function bareCommand(tag: Uint8Array, name: Verb | ''): ImapCommand {
  return { tag, name, args: [], operands: [] };
}

/** A complete command. `words` must be memory of its own. */
export function createCommand(
  tag: Uint8Array,
  name: Verb | '',
  words: readonly Uint8Array[],
): ImapCommand {
  const operands = words.map((word) => new Secret(word));
  return { tag, name, args: openWords(name, words), operands };
}

function openWords(name: Verb | '', words: readonly Uint8Array[]): readonly Uint8Array[] {
  if (name === 'LOGIN') return [];
  if (name !== 'AUTHENTICATE') return words;
  const [mechanism] = words;
  return mechanism !== undefined && isMechanismName(mechanism) ? [mechanism] : [];
}
