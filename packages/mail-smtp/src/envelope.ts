/** What a client has said of itself and of its message: kept from command to command, and told to the backend. */
import { printable, type Envelope } from '@postern/core';

const nothing = new Uint8Array(0);
const lf = 0x0a;
const cr = 0x0d;
const space = 0x20;

/** Most bytes of a client's text in a log line. */
const longestQuote = 256;

/** `from` and `to` are commands as typed; each part is empty until its command was accepted. */
export interface Introduction extends Envelope {
  /** The client has said EHLO at least once. As in nginx neither HELO nor STARTTLS takes that back. */
  readonly esmtp: boolean;
}

/** Before the first command. */
export const nothingSaid: Introduction = Object.freeze({
  helo: nothing,
  from: nothing,
  to: nothing,
  esmtp: false,
});

/** A client that has given its name; HELO and EHLO end a message (RFC 5321, section 4.1.4). */
export function named(said: Introduction, helo: Uint8Array, verb: 'HELO' | 'EHLO'): Introduction {
  return { helo, from: nothing, to: nothing, esmtp: said.esmtp || verb === 'EHLO' };
}

/** The same client without its message: RSET. */
export function withoutMessage(said: Introduction): Introduction {
  return { ...said, from: nothing, to: nothing };
}

/** What survives STARTTLS (RFC 3207, section 4.2): the use of ESMTP, as in nginx, and nothing the client said. */
export function afterTls({ esmtp }: Introduction): Introduction {
  return { ...nothingSaid, esmtp };
}

/** A command as typed, up to the end of its last argument. */
export function commandText(typed: Uint8Array): Uint8Array {
  let end = typed.length;
  while (end > 0 && isBlank(typed[end - 1] ?? 0)) end -= 1;
  return typed.subarray(0, end);
}

function isBlank(byte: number): boolean {
  return byte === space || byte === cr || byte === lf;
}

/** Whether a command holds NUL or another C0 control before its line end: RFC 5321 knows none in an argument. */
export function hasControl(text: Uint8Array): boolean {
  return text.some((byte) => byte < space);
}

/** A client's text for the log: line ends as `_`, like in nginx, other controls escaped, cut at 256 bytes. */
export function quoted(bytes: Uint8Array): string {
  const start = bytes.subarray(0, longestQuote);
  return printable(start.map(replaceLineEnd), longestQuote);
}

function replaceLineEnd(byte: number): number {
  return byte === cr || byte === lf ? 0x5f : byte;
}
