/**
 * Base64 as nginx reads it from clients (`ngx_decode_base64`): the standard alphabet only; the text ends at the first
 * `=` and what follows is ignored; missing padding is fine; one character left over is not. `Buffer.from(x, 'base64')`
 * takes junk and the URL alphabet silently, so it must not be used on what a client sent.
 */
import { ascii } from '../wire/ascii.js';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const padding = 0x3d;
const invalid = 0xff;

const values = new Uint8Array(256).fill(invalid);
for (let value = 0; value < alphabet.length; value += 1) values[alphabet.charCodeAt(value)] = value;

/** Number of characters before the padding, or -1 if one of them is not of the alphabet. */
function textLength(text: Uint8Array): number {
  let length = 0;
  for (const byte of text) {
    if (byte === padding) break;
    if (values[byte] === invalid) return -1;
    length += 1;
  }
  return length;
}

/** Decodes base64 text into memory of its own; undefined if the text is not base64. An empty text is empty bytes. */
export function decodeBase64(text: Uint8Array): Uint8Array | undefined {
  const length = textLength(text);
  if (length < 0 || length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let held = 0;
  let bits = 0;
  let end = 0;
  for (let at = 0; at < length; at += 1) {
    held = ((held << 6) | (values[text[at] ?? 0] ?? 0)) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[end] = (held >> bits) & 0xff;
    end += 1;
  }
  return bytes;
}

/** Encodes bytes as base64 text with padding. */
export function encodeBase64(bytes: Uint8Array): Uint8Array {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return ascii(view.toString('base64'));
}
