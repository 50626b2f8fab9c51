/**
 * The process around {@link main}: words and exit code, and the flags of Node that halve the memory of an idle proxy.
 * This is what the executables of packages call.
 */
import type { AnyModule } from '../module/module.js';
import { restartWithFlags } from '../process/node-flags.js';
import type { SpareWorker } from '../process/spare-worker.js';
import { main } from './main.js';

/** What an executable adds to core. */
export interface RunOptions {
  /** Modules besides core's own. Without them the host package is asked. */
  readonly standard?: readonly AnyModule[];
  /** The package and version shown by `-V` for them. */
  readonly origin?: { readonly package: string; readonly version: string };
  /** What `startEarly` of `@postern/core/early` has started. */
  readonly spare?: SpareWorker | undefined;
}

/** Runs the command on the words of this process and ends the process with its exit code. */
export async function runCommand(options: RunOptions = {}): Promise<never> {
  restartWithFlags();
  const code = await main(process.argv.slice(2), { ...options, script: process.argv[1] });
  process.exit(code);
}
