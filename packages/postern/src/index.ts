/** Everything standard in one install: the `postern` command with all protocols of this project. */
import { createRequire } from 'node:module';
import { runCommand, type RunOptions } from '@postern/core';
import { imap } from '@postern/mail-imap';
import { pop3 } from '@postern/mail-pop3';
import { smtp } from '@postern/mail-smtp';
import { resolver } from '@postern/resolver';

/** The modules of a complete build besides core's, protocols in nginx's order. */
export const standardModules = [pop3, imap, smtp, resolver] as const;

/**
 * Runs the command with {@link standardModules} on the words of this process, and ends the process. `spare` is what
 * `startEarly` of `@postern/core/early` has started.
 */
export async function runPostern({ spare }: Pick<RunOptions, 'spare'> = {}): Promise<never> {
  const { name, version } = createRequire(import.meta.url)('../package.json') as {
    readonly name: string;
    readonly version: string;
  };
  return runCommand({ standard: standardModules, origin: { package: name, version }, spare });
}
