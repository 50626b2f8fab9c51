/**
 * Domain names on the wire (RFC 1035, 4.1.4) and as text: labels joined by dots, one character per byte, ASCII letters
 * in lower case. Reading is O(n): a compression pointer must lead backwards, no name has more than 255 bytes, and no
 * more than {@link mostPointers} pointers are followed, so that neither a loop nor a ladder of pointers costs anything.
 */

/** Bytes of a name on the wire, the closing zero included. */
const longestName = 255;
const longestLabel = 63;
/** A name of 255 bytes has at most 127 labels, each of which a pointer may lead to. */
const mostPointers = 127;

/** A name, and where what follows it begins. */
export interface ReadName {
  readonly name: string;
  readonly next: number;
}

/** The name at `at`, or nginx's words for what is wrong with it. */
export function readName(bytes: Uint8Array, at: number): ReadName | string {
  let name = '';
  let length = 1;
  let next: number | undefined;
  let pointers = 0;
  let before = at;
  let place = at;
  for (let size = bytes[place]; size !== 0; size = bytes[place]) {
    if (size === undefined) return outside;
    if (size > longestLabel) {
      const target = pointerAt(bytes, place);
      if (typeof target === 'string') return target;
      pointers += 1;
      if (target >= before || pointers > mostPointers) return loop;
      next ??= place + 2;
      before = target;
      place = target;
    } else {
      length += size + 1;
      if (length > longestName) return 'too long name in DNS response';
      // A label cut short is read as far as it goes: there is no byte behind it then.
      name += (name === '' ? '' : '.') + lowerText(bytes, place + 1, size);
      place += size + 1;
    }
  }
  return { name, next: next ?? place + 1 };
}

const loop = 'compression pointers loop in DNS response';
const outside = 'name is out of DNS response';

/** Where the pointer at `place` leads. The label types 01 and 10 (RFC 1035) do not exist. */
function pointerAt(bytes: Uint8Array, place: number): number | string {
  const high = bytes[place] ?? 0;
  const low = bytes[place + 1];
  if (high < 0xc0) return 'invalid label type in DNS response';
  return low === undefined ? outside : ((high & 0x3f) << 8) | low;
}

function lowerText(bytes: Uint8Array, start: number, size: number): string {
  let text = '';
  for (let index = start; index < start + size; index += 1) {
    const byte = bytes[index] ?? 0;
    text += String.fromCharCode(byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);
  }
  return text;
}

/** `name` on the wire; undefined where it has an empty label, one of more than 63 bytes, or more than 255 in all. */
export function encodeName(name: string): Buffer | undefined {
  const labels = name.split('.');
  const fits = labels.every((label) => label !== '' && label.length <= longestLabel);
  if (!fits || name.length + 2 > longestName) return undefined;
  const parts = labels.map((label) =>
    Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'),
  );
  return Buffer.concat([...parts, Buffer.of(0)]);
}

/** `1.2.0.192.in-addr.arpa` of `192.0.2.1` (RFC 1035, 3.5), nibbles below `ip6.arpa` of 16 bytes (RFC 3596). */
export function reverseName(address: Uint8Array): string {
  if (address.length === 4) return `${[...address].reverse().join('.')}.in-addr.arpa`;
  const nibbles = [...address].reverse().flatMap((byte) => [byte & 15, byte >> 4]);
  return `${nibbles.map((nibble) => nibble.toString(16)).join('.')}.ip6.arpa`;
}
