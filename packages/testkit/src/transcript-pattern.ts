/**
 * Placeholders of transcripts, for what differs from run to run:
 *
 *     {salt}       a challenge `<digits.digits@name>`; behind {salt64}, the same one
 *     {salt64}     the base64 form of such a challenge
 *     {port}       the port of the backend
 *     {auth-port}  the port of the auth service
 *
 * Any other text in braces, such as an IMAP literal, is itself.
 */
import { unescapeText } from './bytes-text.js';

/** What placeholders stand for in one run. */
export interface Bindings {
  readonly port: number;
  readonly authPort: number;
  /** Challenges seen so far; grows while a transcript is played. */
  readonly salts: string[];
}

type Piece = Buffer | 'salt' | 'salt64';

const names = ['{salt}', '{salt64}', '{port}', '{auth-port}'] as const;

/** Text with ports filled in, as bytes. `text` has no trailing backslash any more. */
export function fillIn(text: string, bindings: Bindings): Buffer {
  return Buffer.concat(piecesOf(text, bindings).map((piece) => Buffer.from(piece)));
}

/** Whether `bytes` is what `text` describes. A challenge that was read is added to `bindings.salts`. */
export function matches(text: string, bytes: Buffer, bindings: Bindings): boolean {
  let at = 0;
  for (const piece of piecesOf(text, bindings)) {
    const length = matchPiece(piece, bytes.subarray(at), bindings);
    if (length === undefined) return false;
    at += length;
  }
  return at === bytes.length;
}

function piecesOf(text: string, bindings: Bindings): Piece[] {
  const pieces: Piece[] = [];
  let rest = text;
  while (rest !== '') {
    const next = firstName(rest);
    pieces.push(unescapeText(rest.slice(0, next?.at)) ?? Buffer.from(rest));
    if (next === undefined) break;
    pieces.push(pieceOf(next.name, bindings));
    rest = rest.slice(next.at + next.name.length);
  }
  return pieces;
}

function firstName(text: string): { at: number; name: (typeof names)[number] } | undefined {
  return names
    .map((name) => ({ at: text.indexOf(name), name }))
    .filter(({ at }) => at !== -1)
    .sort((a, b) => a.at - b.at)[0];
}

function pieceOf(name: (typeof names)[number], bindings: Bindings): Piece {
  if (name === '{port}') return Buffer.from(String(bindings.port));
  if (name === '{auth-port}') return Buffer.from(String(bindings.authPort));
  return name === '{salt}' ? 'salt' : 'salt64';
}

function matchPiece(piece: Piece, bytes: Buffer, bindings: Bindings): number | undefined {
  if (typeof piece !== 'string') {
    return bytes.subarray(0, piece.length).equals(piece) ? piece.length : undefined;
  }
  if (piece === 'salt64') return matchSalt64(bytes, bindings);
  const end = bytes.indexOf('>') + 1;
  const salt = bytes.toString('latin1', 0, end);
  const known = bindings.salts.length === 0 || bindings.salts.includes(salt);
  return isSalt(salt) && known ? end : undefined;
}

function matchSalt64(bytes: Buffer, bindings: Bindings): number | undefined {
  let length = 0;
  while (isBase64(bytes[length])) length++;
  const salt = Buffer.from(bytes.toString('latin1', 0, length), 'base64').toString('latin1');
  if (!isSalt(salt)) return undefined;
  bindings.salts.push(salt);
  return length;
}

const base64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=');
const isBase64 = (byte: number | undefined): boolean => byte !== undefined && base64.includes(byte);

/** Whether text is a challenge `<digits.digits@name>`. */
export const isSalt = (text: string): boolean => /^<[0-9]+\.[0-9]+@[^<>\s]+>$/.test(text);
