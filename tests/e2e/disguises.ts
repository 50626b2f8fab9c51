/** The forms in which a secret can hide in text. */

/** One form: its name, and what to look for. */
export interface Disguise {
  readonly name: string;
  readonly text: string;
}

/**
 * The Base64 of `secret` when `before` bytes stand before it, as far as it does not depend on them nor on what follows.
 * With 0, 1 and 2 bytes before it, these are all forms that Base64 of a longer text can give it.
 */
function base64Core(secret: Buffer, before: number): string {
  const encoded = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
  const start = Math.ceil((before * 8) / 6);
  const end = Math.floor(((before + secret.length) * 8) / 6);
  return encoded.slice(start, end);
}

/** Every form in which `secret` (ASCII) is looked for. */
export function disguisesOf(secret: string): readonly Disguise[] {
  const bytes = Buffer.from(secret, 'latin1');
  const hex = bytes.toString('hex');
  const each = (print: (digits: string) => string): string =>
    Array.from(bytes, (byte) => print(byte.toString(16).padStart(2, '0'))).join('');
  const base64 = [0, 1, 2].map((before) => base64Core(bytes, before));
  return [
    { name: 'as it is', text: secret },
    { name: 'in the dump of a buffer', text: each((digits) => ` ${digits}`).trimStart() },
    { name: 'backwards', text: [...secret].reverse().join('') },
    { name: 'in hexadecimal', text: hex },
    { name: 'in upper-case hexadecimal', text: hex.toUpperCase() },
    { name: 'with every byte as %xx', text: each((digits) => `%${digits}`) },
    { name: 'with every byte as %XX', text: each((digits) => `%${digits.toUpperCase()}`) },
    { name: 'with every byte as \\xNN', text: each((digits) => `\\x${digits}`) },
    { name: 'as a list of bytes', text: Array.from(bytes).join(',') },
    ...base64.map((text, at) => ({ name: `in Base64, alignment ${String(at)}`, text })),
    ...base64.map((text, at) => ({
      name: `in URL-safe Base64, alignment ${String(at)}`,
      text: text.replaceAll('+', '-').replaceAll('/', '_'),
    })),
  ];
}
