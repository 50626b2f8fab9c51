/**
 * The process around {@link main}: words and exit code, and the flags of Node that halve the memory of an idle proxy.
 * This is what the executables of packages call.
 */
import type { AnyModule } from '../module/module.js';
import { missingFlags } from '../process/node-flags.js';
import { main } from './main.js';

/** What an executable adds to core. */
export interface RunOptions {
  /** Modules besides core's own. Without them the host package is asked. */
  readonly standard?: readonly AnyModule[];
  /** The package and version shown by `-V` for them. */
  readonly origin?: { readonly package: string; readonly version: string };
}

/**
 * The words of a new start of this process with all flags, or `undefined` where it has them: the first line of
 * an executable gives them, `node postern.mjs` does not.
 */
export function wordsWithFlags(
  execArgv: readonly string[],
  argv: readonly string[],
): readonly string[] | undefined {
  const missing = missingFlags(execArgv);
  if (missing.length === 0) return undefined;
  const [program = process.execPath, ...rest] = argv;
  return [program, ...execArgv, ...missing, ...rest];
}

/** Replaces the process by one with the flags, under the same process number. Node 22.15 and later can do that. */
function restartWithFlags(): void {
  const execve: unknown = 'execve' in process ? process.execve : undefined;
  if (typeof execve !== 'function') return;
  const words = wordsWithFlags(process.execArgv, process.argv);
  if (words !== undefined) Reflect.apply(execve, process, [process.execPath, words, process.env]);
}

/** Runs the command on the words of this process and ends the process with its exit code. */
export async function runCommand(options: RunOptions = {}): Promise<never> {
  restartWithFlags();
  const code = await main(process.argv.slice(2), { ...options, script: process.argv[1] });
  process.exit(code);
}
