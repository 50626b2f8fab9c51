/** ASCII in bytes: what lines of mail protocols are made of. */

/** Bytes of an ASCII text. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
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
