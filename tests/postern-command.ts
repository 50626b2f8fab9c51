/** The `postern` command as its users run it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The program. */
export const bin = fileURLToPath(new URL('../packages/postern/bin/postern.mjs', import.meta.url));

/** The options of Node in the program's first line. */
export const nodeFlags: readonly string[] = (
  /^#!\S+ -S node (.*)$/m.exec(readFileSync(bin, 'utf8'))?.[1] ?? ''
).split(' ');
