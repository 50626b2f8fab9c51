/** Text from elsewhere as part of one line of a protocol. */
import { endsLine } from './ascii.js';

const space = 0x20;

/** The bytes of `text`, a string in UTF-8; those that would end the line become spaces. */
export function lineText(text: string | Uint8Array): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 1) if (endsLine(bytes[at] ?? 0)) bytes[at] = space;
  return bytes;
}
