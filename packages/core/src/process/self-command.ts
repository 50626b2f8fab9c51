/** How this very program is started again: by Node with its flags and the script it runs, or as one executable. */
import { missingFlags } from './node-flags.js';

/** A program and the words before its own. */
export interface SelfCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** The command that this process runs, with `words` behind it. */
export function selfCommand(words: readonly string[]): SelfCommand {
  const [, script = ''] = process.argv;
  // A single executable repeats its own name in the place of the script.
  const isExecutable = script === '' || script === process.argv0 || script === process.execPath;
  const { execArgv } = process;
  const before = isExecutable ? [] : [...execArgv, ...missingFlags(execArgv), script];
  return { program: process.execPath, args: [...before, ...words] };
}
