/** Reading the files of `contrib/`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The path of a file of the repository, from its root. */
export const inRepository = (path: string): string =>
  fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The text of a file of `contrib/`. */
export const contrib = (path: string): string =>
  readFileSync(inRepository(`contrib/${path}`), 'utf8');
