/** Everything standard in one install: the `postern` command with all protocols of this project. */
import { createRequire } from 'node:module';
import { runCommand } from '@postern/core';
import { imap } from '@postern/mail-imap';

/** The protocol modules of a complete build, in nginx's order. */
export const standardModules = [imap] as const;

/** Runs the command with {@link standardModules} on the words of this process, and ends the process. */
export async function runPostern(): Promise<never> {
  const { name, version } = createRequire(import.meta.url)('../package.json') as {
    readonly name: string;
    readonly version: string;
  };
  return runCommand({ standard: standardModules, origin: { package: name, version } });
}
