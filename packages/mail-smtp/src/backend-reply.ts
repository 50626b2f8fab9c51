/** Replies of a backend (RFC 5321, section 4.2), in bytes: lines of one code, the last without a dash. */
import { lineLength } from '@postern/core';

const cr = 0x0d;
const dash = 0x2d;
const space = 0x20;
const zero = 0x30;
const codeDigits = 3;

/**
 * Length of the first complete reply in `buffer`, or 0 while it is incomplete. A line that does not belong to a
 * reply ends it, so that it is judged at once. A bare LF does not end a line.
 */
export function replyLength(buffer: Uint8Array): number {
  for (let end = 0; ;) {
    const length = lineLength(buffer, end);
    if (length === 0) return 0;
    const line = buffer.subarray(end, end + length);
    end += length;
    if (line[codeDigits] !== dash || codeOf(line) !== codeOf(buffer)) return end;
  }
}

/** The code of a reply, undefined if it is malformed: a line without code, or of another code than the first. */
export function replyCode(reply: Uint8Array): number | undefined {
  const code = codeOf(reply);
  let last = 0;
  for (let end = 0; end < reply.length;) {
    last = end;
    const length = lineLength(reply, end);
    if (length === 0 || codeOf(reply.subarray(end, end + length)) !== code) return undefined;
    end += length;
  }
  return endsReply(reply[last + codeDigits]) ? code : undefined;
}

/** The last line has a text behind a space, or nothing but its code. */
function endsReply(byte: number | undefined): boolean {
  return byte === space || byte === cr;
}

/** The number that a line begins with, 200 to 599. */
function codeOf(line: Uint8Array): number | undefined {
  let code = 0;
  for (const byte of line.subarray(0, codeDigits)) {
    if (byte < zero || byte > zero + 9) return undefined;
    code = 10 * code + byte - zero;
  }
  return code >= 200 && code < 600 ? code : undefined;
}
