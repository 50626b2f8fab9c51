/**
 * Bytes as text for tests. Strings that stand for bytes are Latin-1: one character, one byte, so that '\xff' is the
 * byte 255. For people they are printed with `\r`, `\n`, `\\` and `\xNN`, the escapes that transcripts use too.
 */
import { notBytes } from './errors.js';

/** Bytes of a string, one per character. Bytes are given back as they are. Throws for characters above U+00FF. */
export function toBytes(data: string | Uint8Array): Buffer {
  if (typeof data !== 'string') {
    return Buffer.isBuffer(data)
      ? data
      : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  }
  for (let index = 0; index < data.length; index++) {
    if (data.charCodeAt(index) > 0xff) throw notBytes(data);
  }
  return Buffer.from(data, 'latin1');
}

/** A string with one character per byte. */
export function toText(bytes: Uint8Array): string {
  return toBytes(bytes).toString('latin1');
}

function escapeByte(byte: number): string {
  if (byte === 0x0d) return '\\r';
  if (byte === 0x0a) return '\\n';
  if (byte === 0x5c) return '\\\\';
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** Bytes for people: printable ASCII as it is, everything else escaped. */
export function printable(data: string | Uint8Array): string {
  let text = '';
  for (const byte of toBytes(data)) text += escapeByte(byte);
  return text;
}

const simpleEscapes: Readonly<Record<string, number>> = { r: 0x0d, n: 0x0a, '\\': 0x5c };

function hexByte(text: string, at: number): number | undefined {
  const digits = text.slice(at, at + 2);
  const value = Number.parseInt(digits, 16);
  return digits.length === 2 && value.toString(16).padStart(2, '0') === digits.toLowerCase()
    ? value
    : undefined;
}

/**
 * The bytes that escaped text stands for; other characters are UTF-8. An unknown escape gives undefined. A single
 * backslash at the very end is left to the caller, who knows whether it has a meaning there.
 */
export function unescapeText(text: string): Buffer | undefined {
  const parts: Buffer[] = [];
  let plain = 0;
  for (let at = text.indexOf('\\'); at !== -1; at = text.indexOf('\\', plain)) {
    parts.push(Buffer.from(text.slice(plain, at)));
    const letter = text[at + 1] ?? '';
    const byte = letter === 'x' ? hexByte(text, at + 2) : simpleEscapes[letter];
    if (byte === undefined) return undefined;
    parts.push(Buffer.of(byte));
    plain = at + (letter === 'x' ? 4 : 2);
  }
  parts.push(Buffer.from(text.slice(plain)));
  return Buffer.concat(parts);
}
