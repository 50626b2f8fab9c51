/** `ssl_password_file`: passphrases of private keys, one on each line. Read with the configuration, as nginx does. */
import { path } from '../../../config/codec.js';
import type { Codec, ReadContext } from '../../../config/directive.js';
import { errnoText } from '../../../log/errno.js';
import { Secret } from '../../secret.js';
import { refine } from './refine.js';

/** Bytes of a line from which on nginx refuses it, its end included. */
const longestLine = 4096;

const newline = 0x0a;
const carriageReturn = 0x0d;

/** The passphrases of a file, in order; at least one, which may be empty. */
export const passwordFile: Codec<readonly Secret[]> = refine(
  path('conf'),
  async (name, context) => {
    const bytes = await readBytes(name, context);
    const passwords = readLines(bytes);
    if (passwords === undefined) throw context.error(`too long line in "${name}"`);
    return passwords;
  },
);

async function readBytes(name: string, context: ReadContext): Promise<Buffer> {
  try {
    return await context.sources.read(name);
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    const call = failure.code === 'EISDIR' ? 'read' : 'open';
    throw context.error(`${call}() "${name}" failed (${errnoText(failure)})`);
  }
}

/** Each line that is not empty, without its end; undefined where one is too long. */
function readLines(bytes: Buffer): readonly Secret[] | undefined {
  const passwords: Secret[] = [];
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(newline, start);
    const end = found < 0 ? bytes.length : found;
    if (end - start >= longestLine) return undefined;
    const stop = end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
    if (stop > start) passwords.push(new Secret(Buffer.from(bytes.subarray(start, stop))));
    start = end + 1;
  }
  return passwords.length === 0 ? [new Secret(Buffer.alloc(0))] : passwords;
}
