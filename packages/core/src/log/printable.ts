/**
 * Text of a peer made safe for one line of a log: valid UTF-8 stays, everything that could end the line, move a
 * cursor, or turn the reading direction becomes `\xNN` per byte. A backslash is left alone, so the result is for
 * reading and cannot be turned back.
 */

const hexDigits = '0123456789ABCDEF';

/** Code points that are printable for a terminal and yet dangerous in a line: direction marks, line separators. */
function isFormatControl(point: number): boolean {
  if (point < 0x61c) return false;
  return (
    point === 0x61c ||
    point === 0x200e ||
    point === 0x200f ||
    (point >= 0x2028 && point <= 0x202e) ||
    (point >= 0x2066 && point <= 0x2069) ||
    point === 0xfeff
  );
}

/** Whether a code point must not stand in a log as it is: C0, DEL, C1 and format controls. */
export function isUnsafe(point: number): boolean {
  return point < 0x20 || (point >= 0x7f && point <= 0x9f) || isFormatControl(point);
}

/** Whether every unit of `text` is printable ASCII, so that it needs no work and has as many bytes as units. */
export function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit > 0x7e) return false;
  }
  return true;
}

function escapeByte(byte: number): string {
  return `\\x${hexDigits.charAt(byte >> 4)}${hexDigits.charAt(byte & 15)}`;
}

/** The shape of a UTF-8 sequence by its first byte: length, payload bits, smallest code point (RFC 3629). */
function sequence(lead: number): { length: number; bits: number; least: number } | undefined {
  if (lead < 0x80) return { length: 1, bits: lead, least: 0 };
  if (lead >= 0xc2 && lead <= 0xdf) return { length: 2, bits: lead & 0x1f, least: 0x80 };
  if (lead >= 0xe0 && lead <= 0xef) return { length: 3, bits: lead & 0x0f, least: 0x800 };
  if (lead >= 0xf0 && lead <= 0xf4) return { length: 4, bits: lead & 0x07, least: 0x10000 };
  return undefined;
}

interface Character {
  readonly point: number;
  readonly length: number;
}

/** The character at `at`, or `undefined` where the bytes are not UTF-8. */
function characterAt(bytes: Uint8Array, at: number): Character | undefined {
  const shape = sequence(bytes[at] ?? 0xff);
  if (shape === undefined) return undefined;
  let point = shape.bits;
  for (let index = 1; index < shape.length; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined || (byte & 0xc0) !== 0x80) return undefined;
    point = (point << 6) | (byte & 0x3f);
  }
  const surrogate = point >= 0xd800 && point <= 0xdfff;
  if (point < shape.least || point > 0x10ffff || surrogate) return undefined;
  return { point, length: shape.length };
}

/** Appends characters and escapes, whole ones only, until the room is used up. */
function render(bytes: Uint8Array, maxBytes: number): string {
  let text = '';
  let room = maxBytes;
  for (let at = 0; at < bytes.length;) {
    const character = characterAt(bytes, at);
    const safe = character !== undefined && !isUnsafe(character.point);
    const length = character?.length ?? 1;
    const cost = safe ? length : 4 * length;
    if (cost > room) break;
    if (safe) text += String.fromCodePoint(character.point);
    else for (const byte of bytes.subarray(at, at + length)) text += escapeByte(byte);
    room -= cost;
    at += length;
  }
  return text;
}

/**
 * `input` as text that is safe in a log line. Bytes that are not UTF-8 and control characters become `\xNN`.
 *
 * @param maxBytes - the most bytes of UTF-8 the result may have; the cut never splits a character or an escape.
 */
export function printable(input: Uint8Array | string, maxBytes = Number.POSITIVE_INFINITY): string {
  if (typeof input === 'string') {
    if (isPlain(input)) return input.length <= maxBytes ? input : input.slice(0, maxBytes);
    // No unit makes less than one byte, so what lies beyond `maxBytes` units never counts.
    return render(Buffer.from(input.slice(0, Math.min(input.length, maxBytes))), maxBytes);
  }
  const shown = input.subarray(0, Math.min(input.length, maxBytes));
  const text = Buffer.from(shown.buffer, shown.byteOffset, shown.length).toString('latin1');
  return isPlain(text) ? text : render(shown, maxBytes);
}
