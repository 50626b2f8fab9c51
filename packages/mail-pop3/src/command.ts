/** A POP3 command as the parser hands it over. */
import { isMechanismName, Secret, type CommandView } from '@postern/core';

/** The commands that exist before login; every other verb is an invalid command. */
export const verbs = ['USER', 'PASS', 'APOP', 'QUIT', 'CAPA', 'AUTH', 'NOOP', 'STLS'] as const;

/** A command's verb. */
export type Verb = (typeof verbs)[number];

/** A command. What may hold a secret is in `operands` alone, which print as `***`. */
export interface Pop3Command extends CommandView {
  /** The verb in upper case; empty when it is unknown. */
  readonly name: Verb | '';
  /** All arguments; of PASS none, of APOP the user, of AUTH the mechanism. For modules. */
  readonly args: readonly Uint8Array[];
  /** All arguments, in memory that nobody else has. For the dialog. */
  readonly operands: readonly Secret[];
}

/** A command. `words` must be memory of its own. */
export function createCommand(name: Verb | '', words: readonly Uint8Array[] = []): Pop3Command {
  const operands = words.map((word) => new Secret(word));
  return { name, args: openWords(name, words), operands };
}

/** Copies: an operand is overwritten after the login, and a module may have kept its view. */
function openWords(name: Verb | '', words: readonly Uint8Array[]): readonly Uint8Array[] {
  if (name === 'PASS') return [];
  const [first] = words;
  switch (name) {
    case 'APOP':
      return words.length === 2 && first !== undefined ? [first.slice()] : [];
    case 'AUTH':
      return first !== undefined && isMechanismName(first) ? [first.slice()] : [];
    default:
      return words.map((word) => word.slice());
  }
}
