/** Postfix's XCLIENT command: tells the backend who the client is. */
import { ascii, type Peer } from '@postern/core';

/** What the backend is told. */
export interface XclientFacts {
  /** The client, after realip. */
  readonly peer: Peer;
  /** Empty: nothing is said of it. */
  readonly login: Uint8Array;
  /** The verified host name, `[UNAVAILABLE]` or `[TEMPUNAVAIL]`. */
  readonly name: string;
}

const hexDigits = '0123456789ABCDEF';
const plus = 0x2b;
const equals = 0x3d;

/** The command, with line end: `XCLIENT ADDR=… [LOGIN=…] NAME=…`. */
export function xclientCommand({ peer, login, name }: XclientFacts): Uint8Array {
  const address = peer.family === 'IPv6' ? `IPV6:${peer.address}` : peer.address;
  const user = login.length === 0 ? '' : ` LOGIN=${xtext(login)}`;
  return ascii(`XCLIENT ADDR=${address}${user} NAME=${name}\r\n`);
}

/** RFC 3461, section 4: printable ASCII but `+` and `=` as it is, every other byte as `+XX`. */
function xtext(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    text += isXchar(byte) ? String.fromCharCode(byte) : `+${hexDigit(byte >> 4)}${hexDigit(byte)}`;
  }
  return text;
}

function isXchar(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== plus && byte !== equals;
}

function hexDigit(value: number): string {
  return hexDigits.charAt(value & 15);
}
