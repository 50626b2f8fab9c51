/** The LOGIN command for a backend (RFC 9051, section 6.2.3), in quoted strings or in literals. */
import { ascii } from './replies.js';

/** Longest command in quoted strings, in bytes: servers need not take longer lines (RFC 2683, section 3.2.1.5). */
const longestLine = 1000;

const nul = 0x00;
const lf = 0x0a;
const cr = 0x0d;
const quote = 0x22;
const backslash = 0x5c;

const login = ascii('LOGIN ');
const between = ascii(' ');
const lineEnd = ascii('\r\n');

/** The login as one command in quoted strings; undefined where they cannot hold it. `tag` ends with a space. */
export function quotedCommand(
  tag: Uint8Array,
  user: Uint8Array,
  secret: Uint8Array,
): readonly Uint8Array[] | undefined {
  if (!user.every(isQuotable) || !secret.every(isQuotable)) return undefined;
  const command = Buffer.concat([tag, login, quoted(user), between, quoted(secret), lineEnd]);
  return command.length > longestLine ? undefined : [command];
}

/** The login in two synchronising literals: the parts to send, each after the backend has invited it. */
export function literalCommands(
  tag: Uint8Array,
  user: Uint8Array,
  secret: Uint8Array,
): readonly Uint8Array[] {
  return [
    Buffer.concat([tag, login, announcement(user)]),
    Buffer.concat([user, between, announcement(secret)]),
    Buffer.concat([secret, lineEnd]),
  ];
}

function announcement(literal: Uint8Array): Uint8Array {
  return ascii(`{${String(literal.length)}}\r\n`);
}

/** TEXT-CHAR of RFC 3501: 7 bits, no NUL, CR or LF. */
function isQuotable(byte: number): boolean {
  return byte < 0x80 && byte !== nul && byte !== cr && byte !== lf;
}

function quoted(text: Uint8Array): Uint8Array {
  const bytes: number[] = [quote];
  for (const byte of text) {
    if (byte === quote || byte === backslash) bytes.push(backslash);
    bytes.push(byte);
  }
  bytes.push(quote);
  return Uint8Array.from(bytes);
}
