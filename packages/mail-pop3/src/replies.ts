/** Everything the proxy itself says to a POP3 client (RFC 1939, section 3), byte for byte nginx's. */
import { ascii, lineText, type Reply } from '@postern/core';

function line(text: string): Uint8Array {
  return ascii(`${text}\r\n`);
}

/** The constant replies, with line ends. */
export const replies = Object.freeze({
  ok: line('+OK'),
  invalid: line('-ERR invalid command'),
  internalError: line('-ERR internal server error'),
  certificateError: line('-ERR SSL certificate error'),
  noCertificate: line('-ERR No required SSL certificate'),
});

const plainGreeting = line('+OK POP3 ready');
const challengeStart = ascii('+ ');
const lineEnd = ascii('\r\n');
const okStart = ascii('+OK ');
const refusedStart = ascii('-ERR ');

/** The greeting, with the challenge for APOP where there is one (RFC 1939, section 7). */
export function greetingLine(salt: string | undefined): Uint8Array {
  return salt === undefined ? plainGreeting : statusLine('ok', `POP3 ready ${salt}`);
}

/** A SASL challenge (RFC 5034, section 4): `+ ` and base64 text. */
export function challengeLine(challenge: Uint8Array): Uint8Array {
  return Buffer.concat([challengeStart, challenge, lineEnd]);
}

/** A status with a text. */
export function statusLine(status: Reply['status'], text: Reply['text']): Uint8Array {
  return Buffer.concat([status === 'ok' ? okStart : refusedStart, lineText(text), lineEnd]);
}
