/**
 * What an executable does before it loads the program: a process with the right flags, and one beside it that will be the
 * first worker. Both then load the program at the same time.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { hasGivenSockets, restartWithFlags } from '../process/node-flags.js';
import { hasRole } from '../process/role.js';
import { SpareWorker } from '../process/spare-worker.js';
import { readOptions } from './options.js';
import { commandPaths } from './paths.js';

/** The words that will be the configuration, unread: what is in comments or other files is not told apart. */
function likelyText(words: readonly string[]): string {
  const options = readOptions(words);
  if ('refusal' in options || options.version || options.test || options.signal !== undefined) {
    return '';
  }
  try {
    return `${options.globals ?? ''} ${readFileSync(commandPaths(options).file, 'utf8')}`;
  } catch {
    return '';
  }
}

/** Whether this process looks as if it will be a master in the foreground. A wrong guess costs time and nothing else. */
function willBeMaster(words: readonly string[]): boolean {
  // Sockets that this process was given are not for one that starts beside it.
  if (hasRole(process.env) || hasGivenSockets(process.env)) return false;
  if (availableParallelism() < 2) return false;
  const text = likelyText(words);
  return /\bdaemon\s+off\b/i.test(text) && !/\bmaster_process\s+off\b/i.test(text);
}

/** Does it; what it gives is for `runCommand`. */
export function startEarly(): SpareWorker | undefined {
  restartWithFlags();
  const words = process.argv.slice(2);
  return willBeMaster(words) ? SpareWorker.start(words) : undefined;
}
