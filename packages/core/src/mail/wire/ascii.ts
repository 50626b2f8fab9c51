/** ASCII in bytes: what lines of mail protocols are made of. */

/** Bytes of an ASCII text. */
export function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Whether `byte` is an ASCII letter. */
export function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** Whether `byte` is CR, LF or NUL: none may stand in a line that is made of what somebody else said. */
export function endsLine(byte: number): boolean {
  return byte === 0x0d || byte === 0x0a || byte === 0x00;
}

/** Whether there is such a byte in `bytes`. */
export function hasLineEnd(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += 1) if (endsLine(bytes[at] ?? 0)) return true;
  return false;
}
