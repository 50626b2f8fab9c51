/**
 * Keys of session tickets (RFC 5077): from files, so that machines and restarts share them, or made by ourselves.
 *
 * Node takes one key of 48 bytes (name, HMAC key, AES key). More than one key needs the callback of its secure contexts,
 * which its documentation leaves out; it has been there since Node 0.11. A runtime without it gets the first key alone:
 * tickets made with others are then simply not resumed.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { SourceRef } from '../../../config/directive.js';
import type { SourceFiles } from '../../../config/source-files.js';
import { ConfigError } from '../../../errors.js';
import { errnoText } from '../../../log/errno.js';

/** `ssl_session_ticket_key`: a file, and where it is named. */
export interface TicketKeyFile {
  readonly path: string;
  readonly at: SourceRef;
  /** Where it is read. */
  readonly sources: SourceFiles;
}

/** One key: AES-128-CBC and HMAC-SHA-256. */
export interface TicketKey {
  readonly name: Buffer;
  readonly hmac: Buffer;
  readonly aes: Buffer;
}

/**
 * Reads a key file: 48 bytes are nginx's name, AES key, HMAC key; 80 bytes name, HMAC key, AES key with keys of 32 bytes.
 * Node has only AES-128, so of the latter AES key the first half is used. Throws ConfigError.
 */
export function readTicketKey(file: TicketKeyFile): TicketKey {
  const { path, at } = file;
  const bytes = readBytes(file);
  const name = bytes.subarray(0, 16);
  if (bytes.length === 48) return { name, aes: bytes.subarray(16, 32), hmac: bytes.subarray(32) };
  if (bytes.length === 80) {
    return { name, hmac: bytes.subarray(16, 48), aes: bytes.subarray(48, 64) };
  }
  throw new ConfigError(`"${path}" must be 48 or 80 bytes`, at);
}

function readBytes({ path, at, sources }: TicketKeyFile): Buffer {
  try {
    return sources.readNow(path);
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    const call = failure.code === 'EISDIR' ? 'read' : 'open';
    throw new ConfigError(`${call}() "${path}" failed (${errnoText(failure)})`, at);
  }
}

/** The key in the form of Node's `ticketKeys`. */
export function nodeTicketKey({ name, hmac, aes }: TicketKey): Buffer {
  return Buffer.concat([name, hmac.subarray(0, 16), aes]);
}

// What all keys of our own come from. Workers take that of their master, so that tickets hold in all of them.
let secret = randomBytes(32);

/** The secret that this process makes its ticket keys from; for its workers. */
export function ticketSecret(): Buffer {
  return secret;
}

/** Takes the secret of another process, before servers are built. */
export function adoptTicketSecret(shared: Buffer): void {
  secret = Buffer.from(shared);
}

/**
 * A key of our own in the form of Node's `ticketKeys`: the same for all servers with the same session id context, of
 * this process and of those that share its secret.
 */
export function ownTicketKey(sessionIdContext: string): Buffer {
  return deriveKey(sessionIdContext, 'postern session tickets');
}

function deriveKey(salt: string, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, 48));
}

/** Keys in the order of their worth: the first encrypts, all decrypt. */
export type TicketKeys = () => readonly TicketKey[];

/**
 * Keys of our own that are replaced every `lifeMs`, the life of a session: the one of now, and the one before, whose last
 * tickets still count. All processes that share the secret have the same ones at the same time.
 */
export function replacedKeys(sessionIdContext: string, lifeMs: number): TicketKeys {
  const keyOf = (period: number): TicketKey => {
    const key = deriveKey(sessionIdContext, `postern session tickets ${String(period)}`);
    return { name: key.subarray(0, 16), hmac: key.subarray(16, 32), aes: key.subarray(32) };
  };
  let period = Number.NaN;
  let keys: readonly TicketKey[] = [];
  return () => {
    const now = Math.floor(Date.now() / lifeMs);
    if (now !== period) keys = [keyOf(now), keyOf(now - 1)];
    period = now;
    return keys;
  };
}

/** What OpenSSL is told: whether the ticket is taken (and to be made anew), then the keys. */
type TicketAnswer = readonly [verdict: 0 | 1 | 2, hmac: Buffer, aes: Buffer, ...made: Buffer[]];

interface TicketKeyHost {
  enableTicketKeyCallback(): void;
  onticketkeycallback(name: Buffer, iv: Buffer, encrypt: boolean): TicketAnswer;
}

function isTicketKeyHost(native: object): native is TicketKeyHost {
  return 'enableTicketKeyCallback' in native;
}

/** Whether one key of 48 bytes says it all, so that Node's own option serves. */
export function isSimple(keys: readonly TicketKey[]): boolean {
  return keys.length === 1 && keys[0]?.hmac.length === 16;
}

/** What OpenSSL is told where there is no key: the ticket is not taken. */
const noTicket: TicketAnswer = [0, Buffer.alloc(16), Buffer.alloc(16)];

/** Makes `context` encrypt with the first of `ticketKeys` and decrypt with all; a ticket of a later key is replaced. */
export function useTicketKeys(context: SecureContext, ticketKeys: TicketKeys): void {
  const native = context.context as object;
  if (!isTicketKeyHost(native)) return;
  native.enableTicketKeyCallback();
  native.onticketkeycallback = (name, _iv, encrypt) => {
    const keys = ticketKeys();
    const [first] = keys;
    if (first === undefined) return noTicket;
    if (encrypt) return [1, first.hmac, first.aes, first.name, randomBytes(16)];
    const key = keys.find((one) => one.name.equals(name));
    if (key === undefined) return [0, first.hmac, first.aes];
    return [key === first ? 1 : 2, key.hmac, key.aes];
  };
}
