/** How this very program is started again: by Node with the flags and the script it runs with, or as one executable. */

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
  const before = isExecutable ? [] : [...process.execArgv, script];
  return { program: process.execPath, args: [...before, ...words] };
}
