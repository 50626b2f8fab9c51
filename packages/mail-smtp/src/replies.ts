/** Everything the proxy itself says to an SMTP client (RFC 5321, section 4.2; RFC 3463), byte for byte nginx's. */
import { ascii, lineText, type Reply } from '@postern/core';

/** Bytes of one line: `text` in UTF-8, as a configuration file has it, with line end. */
export function line(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(`${text}\r\n`));
}

/** The constant replies, with line ends. */
export const replies = Object.freeze({
  ok: line('250 2.0.0 OK'),
  bye: line('221 2.0.0 Bye'),
  startTls: line('220 2.0.0 Start TLS'),
  authenticated: line('235 2.0.0 OK'),
  invalidCommand: line('500 5.5.1 Invalid command'),
  invalidArgument: line('501 5.5.4 Invalid argument'),
  badSequence: line('503 5.5.1 Bad sequence of commands'),
  tooEarly: line('503 5.5.0 Improper use of SMTP command pipelining'),
  authRequired: line('530 5.7.1 Authentication required'),
  internalError: line('451 4.3.2 Internal server error'),
  certificateError: line('421 4.7.1 SSL certificate error'),
  noCertificate: line('421 4.7.1 No required SSL certificate'),
});

const challengeStart = ascii('334 ');
const lineEnd = ascii('\r\n');

/** A SASL challenge (RFC 4954): `334 ` and base64 text. */
export function challengeLine(challenge: Uint8Array): Uint8Array {
  return Buffer.concat([challengeStart, challenge, lineEnd]);
}

/** A reply that a module or the auth service asks for. */
export function replyLine({ status, code, text }: Reply, otherwise: string): Uint8Array {
  const start = lineText(`${code ?? (status === 'ok' ? '250 2.0.0' : otherwise)} `);
  return Buffer.concat([start, lineText(text), lineEnd]);
}
