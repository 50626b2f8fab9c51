/**
 * Logs that have lines in memory write them before the process ends, also when it ends by `process.exit()` or by an
 * exception that nobody caught. One listener serves all, and only while there are any.
 */
import type { LogTarget } from './error-log.js';

type Flushable = Pick<LogTarget, 'flushSync'>;

const waiting = new Set<Flushable>();

function flushAll(): void {
  for (const target of waiting) target.flushSync();
}

/** `target.flushSync()` is called when the process ends. */
export function atExit(target: Flushable): void {
  if (waiting.size === 0) process.on('exit', flushAll);
  waiting.add(target);
}

/** `target` has nothing to write any more. */
export function notAtExit(target: Flushable): void {
  if (waiting.delete(target) && waiting.size === 0) process.off('exit', flushAll);
}
