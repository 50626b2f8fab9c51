/**
 * Standard error of a daemon (ngx_log_redirect_stderr in ngx_log.c): the terminal it was started from is somebody else's, so
 * what the runtime itself may have to say goes to the first log file.
 */
import { closeSync, openSync } from 'node:fs';
import type { LogSpec } from '../log/log-spec.js';
import { releaseStandardError } from '../log/stderr-target.js';

const standardError = 2;

/** Opens what stands in for standard error; undefined where one of `logs` is standard error itself. */
export function openSubstitute(logs: readonly LogSpec[]): number | undefined {
  if (logs.some((spec) => spec.kind === 'stderr')) return undefined;
  const file = logs.find((spec) => spec.kind === 'file');
  try {
    return openSync(file?.path ?? '/dev/null', 'a');
  } catch {
    return openSync('/dev/null', 'a');
  }
}

/** Puts the substitute in the place of standard error of this process. */
export function redirectStandardError(logs: readonly LogSpec[]): void {
  if (logs.some((spec) => spec.kind === 'stderr')) return;
  releaseStandardError();
  closeSync(standardError);
  // The lowest number that is free is the one just closed.
  openSubstitute(logs);
}
