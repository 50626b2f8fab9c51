/**
 * A reader of DER (X.690) for the few places where we look into a certificate or a session ourselves. It never reads
 * beyond the bytes it is given, does not recurse, and answers undefined for anything that is not DER: indefinite
 * lengths, tags of more than one byte, lengths that overrun.
 */

/** One element: its tag, and where its contents and the whole of it lie. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and contents. */
  readonly whole: Buffer;
}

/** Tags that are looked for. */
export const DerTag = Object.freeze({
  integer: 0x02,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
});

/** Length octets at `at`: the length and where the contents begin. */
function readLength(bytes: Buffer, at: number): { length: number; start: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { length: first, start: at + 1 };
  const octets = first - 0x80;
  if (octets === 0 || octets > 4 || at + 1 + octets > bytes.length) return undefined;
  return { length: bytes.readUIntBE(at + 1, octets), start: at + 1 + octets };
}

/** The element that begins at `at`, or undefined. */
export function readElement(bytes: Buffer, at = 0): DerElement | undefined {
  const tag = bytes[at];
  if (tag === undefined || (tag & 0x1f) === 0x1f) return undefined;
  const head = readLength(bytes, at + 1);
  if (head === undefined) return undefined;
  const end = head.start + head.length;
  if (end > bytes.length) return undefined;
  return { tag, content: bytes.subarray(head.start, end), whole: bytes.subarray(at, end) };
}

/** All elements in a row, or undefined where the bytes do not end with the last one. */
export function readElements(bytes: Buffer): readonly DerElement[] | undefined {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const element = readElement(bytes, at);
    if (element === undefined) return undefined;
    elements.push(element);
    at += element.whole.length;
  }
  return elements;
}

/** The dotted form of an object identifier's contents, for instance `2.5.4.3`; undefined where it is malformed. */
export function objectIdentifier(content: Buffer): string | undefined {
  const arcs: bigint[] = [];
  let arc = 0n;
  let complete = false;
  for (const byte of content) {
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    complete = byte < 0x80;
    if (!complete) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [first, ...rest] = arcs;
  if (first === undefined || !complete) return undefined;
  const top = first < 80n ? first / 40n : 2n;
  return [top, first - top * 40n, ...rest].join('.');
}
