/** Lines of a backend's reply, in bytes. */

const lf = 0x0a;
const cr = 0x0d;

/** Length of the line at `from`, with its CRLF; 0 while that is missing. A bare LF does not end a line. */
export function lineLength(buffer: Uint8Array, from: number): number {
  let end = buffer.indexOf(lf, from);
  while (end >= 0 && (end === from || buffer[end - 1] !== cr)) end = buffer.indexOf(lf, end + 1);
  return end < 0 ? 0 : end + 1 - from;
}

/** Whether `bytes` begin with the ASCII text `prefix`; by default in the same case. */
export function startsWith(
  bytes: Uint8Array,
  prefix: string,
  letters: 'sameCase' | 'anyCase' = 'sameCase',
): boolean {
  for (let at = 0; at < prefix.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === prefix.charCodeAt(at)) continue;
    if (letters === 'sameCase' || (byte & ~0x20) !== prefix.charCodeAt(at)) return false;
  }
  return true;
}

/** `reply` without its last CRLF. */
export function withoutLineEnd(reply: Uint8Array): Uint8Array {
  const { length } = reply;
  return reply[length - 1] === lf && reply[length - 2] === cr ? reply.subarray(0, -2) : reply;
}
