/** Everything the proxy itself says to an IMAP client (RFC 9051, section 7), byte for byte nginx's. */
import { ascii, lineText, type Reply } from '@postern/core';

function line(text: string): Uint8Array {
  return ascii(`${text}\r\n`);
}

/** The constant replies, with line ends. Those under `status` go behind a tag. */
export const replies = Object.freeze({
  greeting: line('* OK IMAP4 ready'),
  invitation: line('+ OK'),
  bye: line('* BYE'),
  internalError: line('* BAD internal server error'),
  certificateError: line('* BYE SSL certificate error'),
  noCertificate: line('* BYE No required SSL certificate'),
  status: Object.freeze({
    completed: line('OK completed'),
    invalid: line('BAD invalid command'),
  }),
});

const untagged = ascii('* ');
const challengeStart = ascii('+ ');
const lineEnd = ascii('\r\n');
const okStart = ascii('OK ');
const noStart = ascii('NO ');

/** `<tag> <status>`, behind the untagged line `before` where there is one. A reply without tag begins with `* `. */
export function tagged(tag: Uint8Array, status: Uint8Array, before?: Uint8Array): Uint8Array {
  const start = tag.length === 0 ? untagged : tag;
  return Buffer.concat(before === undefined ? [start, status] : [before, start, status]);
}

/** A SASL challenge: `+ ` and base64 text. */
export function challengeLine(challenge: Uint8Array): Uint8Array {
  return Buffer.concat([challengeStart, challenge, lineEnd]);
}

/** A status with a text from elsewhere. */
export function statusLine(status: Reply['status'], text: Reply['text']): Uint8Array {
  return Buffer.concat([status === 'ok' ? okStart : noStart, lineText(text), lineEnd]);
}
