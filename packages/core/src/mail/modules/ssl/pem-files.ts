/**
 * Where certificates, keys and parameters come from: a file, relative to the directory of the configuration file, or
 * `data:` and the text itself. Files are read while the configuration is built, so a reload sees new ones.
 */
import { path, resolvePath, text } from '../../../config/codec.js';
import type { Codec } from '../../../config/directive.js';
import type { SourceFiles } from '../../../config/source-files.js';
import { errnoText } from '../../../log/errno.js';
import { refine } from './refine.js';

/** A text in PEM form, as a directive names it. */
export interface PemSource {
  /** As written, for the one sentence that shows it so. */
  readonly written: string;
  /** The full path, or the whole `data:...`. */
  readonly name: string;
  /** Where files are read. */
  readonly sources: SourceFiles;
}

const dataPrefix = 'data:';
/** Names that are no files. */
const prefixes = [dataPrefix, 'engine:', 'store:'];

/** A file name, `data:...`, and for keys `engine:...` and `store:...`, which are refused when they are loaded. */
export const pemName: Codec<PemSource> = refine(
  text,
  (written, { confPrefix, sources }) => {
    const isFile = !prefixes.some((prefix) => written.startsWith(prefix));
    return { written, name: isFile ? resolvePath(written, confPrefix) : written, sources };
  },
  'file | data:value',
);

/** The same for a directive that need not be there, as where it is empty. */
export const pemSource: Codec<PemSource | undefined> = refine(pemName, (source) =>
  source.written === '' ? undefined : source,
);

/** A file name and nothing else, for `ssl_dhparam`; empty for none. */
export const pemFile: Codec<PemSource | undefined> = refine(
  text,
  (written, { confPrefix, sources }) =>
    written === '' ? undefined : { written, name: resolvePath(written, confPrefix), sources },
  path('conf').syntax,
);

/** A read text, or OpenSSL's account of why it cannot be read. */
export type PemText = { readonly text: string } | { readonly cause: string };

/** Reads a text. A directory reads as an empty file, as in OpenSSL. */
export function readPem({ name, sources }: Pick<PemSource, 'name' | 'sources'>): PemText {
  if (name.startsWith(dataPrefix)) return { text: name.slice(dataPrefix.length) };
  try {
    return { text: sources.readNow(name).toString('latin1') };
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    return failure.code === 'EISDIR' ? { text: '' } : { cause: openFailure(name, failure) };
  }
}

/** OpenSSL's two errors of a file that cannot be opened. */
function openFailure(name: string, error: NodeJS.ErrnoException): string {
  const [number = '0', reason = ''] = errnoText(error).split(': ');
  const code = (0x8000_0000 + Number(number)).toString(16).toUpperCase();
  const system = `error:${code}:system library::${reason}:calling fopen(${name}, r)`;
  const isMissing = error.code === 'ENOENT' || error.code === 'ENXIO';
  return isMissing
    ? `${system} error:10000080:BIO routines::no such file`
    : `${system} error:10080002:BIO routines::system lib`;
}

/** What OpenSSL says where a text holds no block of the kind it looks for. */
export function noStartLine(expecting: string): string {
  return `error:0480006C:PEM routines::no start line:Expecting: ${expecting}`;
}

/** The blocks of `text` whose label is one of `labels`, with their frames, in order. What is between is skipped. */
export function pemBlocks(text: string, labels: readonly string[]): readonly string[] {
  const found: { readonly at: number; readonly block: string }[] = [];
  for (const label of labels) {
    const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
    for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at + 1)) {
      const stop = text.indexOf(end, at);
      const block = text.slice(at, stop < 0 ? undefined : stop + end.length);
      found.push({ at, block: `${block}\n` });
    }
  }
  return found.sort((one, other) => one.at - other.at).map(({ block }) => block);
}
