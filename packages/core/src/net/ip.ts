/**
 * Literal IP addresses, read strictly and written in normal form. `127.1`, `0x7f.1`, `010.0.0.1` and zone identifiers
 * are no addresses here, so that no two programs read one text as two addresses.
 */
import { isIPv4, isIPv6 } from 'node:net';

/** The family of a literal IP address without brackets and zone, or undefined for any other text. */
export function literalFamily(text: string): 'IPv4' | 'IPv6' | undefined {
  if (isIPv4(text)) return 'IPv4';
  return isIPv6(text) && !text.includes('%') ? 'IPv6' : undefined;
}

/** The 4 or 16 bytes of a literal IP address in network order, or undefined for any other text. */
export function ipBytes(text: string): Uint8Array | undefined {
  const family = literalFamily(text);
  if (family === undefined) return undefined;
  return family === 'IPv4' ? ipv4Bytes(text) : ipv6Bytes(text);
}

function ipv4Bytes(text: string): Uint8Array {
  return Uint8Array.from(text.split('.'), Number);
}

/** `text` is known to be well formed: at most one `::`, at most one dotted tail. */
function ipv6Bytes(text: string): Uint8Array {
  const [head = '', tail] = text.split('::');
  const first = groups(head);
  const bytes = new Uint8Array(16);
  bytes.set(first, 0);
  if (tail !== undefined) {
    const last = groups(tail);
    bytes.set(last, 16 - last.length);
  }
  return bytes;
}

function groups(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return [...ipv4Bytes(group)];
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** The normal text of 4 or 16 address bytes; RFC 5952 for IPv6, with a dotted tail for IPv4-mapped addresses. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (isMapped(bytes)) return `::ffff:${bytes.subarray(12).join('.')}`;
  const words = Array.from({ length: 8 }, (_, i) => {
    return ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0);
  });
  const { start, length } = longestZeroRun(words);
  const hex = words.map((word) => word.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** Whether the 16 bytes are `::ffff:0:0/96`. */
export function isMapped(bytes: Uint8Array): boolean {
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return false;
  return bytes.subarray(0, 10).every((byte) => byte === 0);
}

function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  words.forEach((word, index) => {
    length = word === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  });
  return best;
}

/** The normal text of a literal IP address; any other text is returned unchanged. */
export function normalHost(text: string): string {
  if (literalFamily(text) !== 'IPv6') return text;
  const bytes = ipBytes(text);
  return bytes === undefined ? text : ipText(bytes);
}
