/** The form of a SASL mechanism's name. */
import { isLetter } from '../wire/ascii.js';

/** RFC 4422: 1 to 20 letters, digits, `-` and `_`. Anything else may be a password in the wrong place. */
export function isMechanismName(word: Uint8Array): boolean {
  return word.length > 0 && word.length <= 20 && word.every(isMechanismByte);
}

function isMechanismByte(byte: number): boolean {
  return isLetter(byte) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x5f;
}
