/**
 * The one line of help under `unknown directive "X"`: the package that X belongs to, why it is not there, or the known
 * name that X was probably meant to be.
 */
import { packageOfDirective } from './standard-packages.js';

const mailOnly = 'postern is a mail proxy and has no such block';
const notInMail = 'nginx has it for "http" and "stream", not for "mail"';
const longGone = 'nginx removed it long ago; take the line out';

// Exact names and no prefixes: where a package is installed, `imap_capabilites` is a spelling mistake.
const origins: ReadonlyMap<string, string> = new Map([
  ...names(mailOnly, 'http', 'stream'),
  ...names('nginx 1.25.1 removed it; write "ssl" as a parameter of "listen"', 'ssl'),
  ...names('this block has been called "mail" since nginx 0.5.15', 'imap'),
  ...names('nginx 0.5.15 replaced it by "imap_auth" and "pop3_auth"', 'auth'),
  ...names('write it as a parameter of "listen"', 'so_keepalive'),
  ...names(notInMail, 'access_log', 'keepalive_timeout', 'location', 'map', 'proxy_pass', 'types'),
  ...names(notInMail, 'upstream', 'ssl_alpn', 'ssl_buffer_size', 'ssl_certificate_cache'),
  ...names(notInMail, 'ssl_early_data', 'ssl_handshake_timeout', 'ssl_key_log', 'ssl_ocsp'),
  ...names(notInMail, 'ssl_reject_handshake', 'ssl_stapling', 'ssl_stapling_verify'),
  ...names(longGone, 'connections', 'thread_stack_size', 'worker_rlimit_sigpending'),
  ...names(longGone, 'worker_threads'),
]);

function names(help: string, ...list: readonly string[]): readonly (readonly [string, string])[] {
  return list.map((name) => [name, help]);
}

/** The number of single-character edits between two words, or `limit + 1` if there are more than `limit`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      current.push(
        Math.min(
          (previous[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (previous[column - 1] ?? 0) + change,
        ),
      );
    }
    if (Math.min(...current) > limit) return limit + 1;
    previous = current;
  }
  return previous[b.length] ?? limit + 1;
}

// A word of up to 4096 bytes may stand where a name should: nothing that long is a spelling mistake.
const longestName = 64;

function closest(name: string, known: readonly string[]): string | undefined {
  if (name.length > longestName) return undefined;
  // Two edits in a short name make another name.
  const limit = name.length < 6 ? 1 : 2;
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate, limit);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Help for an unknown directive `name`, given the names this build knows; `undefined` if there is nothing to say. */
export function explainUnknown(name: string, known: readonly string[]): string | undefined {
  if (name.startsWith('\uFEFF')) return 'the file begins with a byte order mark: save it without';
  const origin = origins.get(name);
  if (origin !== undefined) return origin;
  const owner = packageOfDirective(name);
  if (owner !== undefined) return `this directive belongs to ${owner}, which is not installed`;
  const meant = closest(name, known);
  return meant === undefined ? undefined : `did you mean "${meant}"?`;
}
