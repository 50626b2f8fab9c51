/**
 * Distinguished names as text (RFC 2253), byte for byte as OpenSSL prints them with XN_FLAG_RFC2253: last RDN first, the
 * values of one RDN joined by `+`, what has a meaning escaped by a backslash, controls and everything outside ASCII as
 * `\XX`. So the text is always one line of printable ASCII, whatever a client put into its certificate.
 */
import { attributeNames } from './attribute-names.js';
import { DerTag, objectIdentifier, readElements, type DerElement } from './der.js';

const space = 0x20;
const hash = 0x23;
/** Escaped wherever they stand: `,` `+` `"` `\` `<` `>` `;`. */
const special: ReadonlySet<number> = new Set(Buffer.from(',+"\\<>;'));

/** Bytes per character of the string types that are printed as text; 0 is UTF-8. Others are printed as DER. */
const characterWidths: ReadonlyMap<number, 0 | 1 | 2 | 4> = new Map([
  [12, 0], // UTF8String
  [18, 1], // NumericString
  [19, 1], // PrintableString
  [20, 1], // T61String, taken as Latin-1
  [22, 1], // IA5String
  [23, 1], // UTCTime
  [24, 1], // GeneralizedTime
  [26, 1], // VisibleString
  [28, 4], // UniversalString
  [30, 2], // BMPString
]);

const hexByte = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0');

/** One byte; `edge` says whether it is the first or the last character of its value. */
function escapeByte(byte: number, edge: 'first' | 'last' | undefined): string {
  const isEscaped =
    special.has(byte) ||
    (byte === space && edge !== undefined) ||
    (byte === hash && edge === 'first');
  if (isEscaped) return `\\${String.fromCharCode(byte)}`;
  if (byte < space || byte >= 0x7f) return `\\${hexByte(byte)}`;
  return String.fromCharCode(byte);
}

/** A code point in UTF-8, surrogates included: OpenSSL takes each unit of a BMPString for itself. */
function utf8(code: number): readonly number[] {
  if (code < 0x80) return [code];
  const tail = (shift: number): number => 0x80 | ((code >>> shift) & 0x3f);
  if (code < 0x800) return [0xc0 | (code >>> 6), tail(0)];
  if (code < 0x10000) return [0xe0 | (code >>> 12), tail(6), tail(0)];
  return [0xf0 | ((code >>> 18) & 7), tail(12), tail(6), tail(0)];
}

/** The characters of a string value, each as the bytes it is printed from; undefined where the length is wrong. */
function charactersOf(content: Buffer, width: 0 | 1 | 2 | 4): readonly number[][] | undefined {
  const unit = width === 0 ? 1 : width;
  if (content.length % unit !== 0) return undefined;
  return Array.from({ length: content.length / unit }, (_, index) => {
    const code = content.readUIntBE(index * unit, unit);
    return width === 0 ? [code] : [...utf8(code)];
  });
}

function valueText(value: DerElement, isKnown: boolean): string | undefined {
  const width = isKnown ? characterWidths.get(value.tag) : undefined;
  if (width === undefined) return `#${value.whole.toString('hex').toUpperCase()}`;
  const characters = charactersOf(value.content, width);
  return characters
    ?.map((bytes, index) => {
      const isLast = index === characters.length - 1;
      const edge = isLast ? 'last' : index === 0 ? 'first' : undefined;
      return bytes.map((byte) => escapeByte(byte, edge)).join('');
    })
    .join('');
}

/** `CN=x`; undefined where it is no attribute. */
function attributeText(attribute: DerElement): string | undefined {
  const [type, value] = readElements(attribute.content) ?? [];
  if (type?.tag !== DerTag.objectIdentifier || value === undefined) return undefined;
  const identifier = objectIdentifier(type.content);
  if (identifier === undefined) return undefined;
  const name = attributeNames.get(identifier);
  const text = valueText(value, name !== undefined);
  return text === undefined ? undefined : `${name ?? identifier}=${text}`;
}

/**
 * The text of the contents of a Name, for instance `CN=x,O=y`; empty for an empty name, and for one that cannot be
 * printed whole: half a name would be another name.
 */
export function distinguishedName(content: Buffer): string {
  const texts: string[] = [];
  for (const relative of (readElements(content) ?? []).toReversed()) {
    const attributes = readElements(relative.content)?.toReversed().map(attributeText) ?? [];
    if (attributes.length === 0 || attributes.includes(undefined)) return '';
    texts.push(attributes.join('+'));
  }
  return texts.join(',');
}

/** Object identifier of a common name, 2.5.4.3, as DER contents. */
const commonNameType = Buffer.of(0x55, 0x04, 0x03);

/** The first common name in the contents of a Name, decoded; undefined where there is none. */
export function commonName(content: Buffer): string | undefined {
  for (const relative of readElements(content) ?? []) {
    for (const attribute of readElements(relative.content) ?? []) {
      const [type, value] = readElements(attribute.content) ?? [];
      if (value !== undefined && type?.content.equals(commonNameType) === true) {
        return textOf(value);
      }
    }
  }
  return undefined;
}

function textOf(value: DerElement): string | undefined {
  const width = characterWidths.get(value.tag);
  const characters = width === undefined ? undefined : charactersOf(value.content, width);
  return characters === undefined ? undefined : Buffer.from(characters.flat()).toString('utf8');
}
