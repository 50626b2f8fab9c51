/** The LOGIN command for a backend (RFC 9051, section 6.2.3), in quoted strings or in literals. */
import { ascii } from '@postern/core';

/** Longest command in quoted strings, in bytes: servers need not take longer lines (RFC 2683, section 3.2.1.5). */
const longestLine = 1000;

const nul = 0x00;
const lf = 0x0a;
const space = 0x20;
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
  const longest = tag.length + login.length + 2 * (user.length + secret.length) + 7;
  const command = Buffer.allocUnsafe(longest);
  command.set(tag, 0);
  command.set(login, tag.length);
  let end = quoteInto(command, tag.length + login.length, user);
  command[end] = space;
  end = quoteInto(command, end + 1, secret);
  if (Number.isNaN(end)) return undefined;
  command.set(lineEnd, end);
  end += lineEnd.length;
  return end > longestLine ? undefined : [command.subarray(0, end)];
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

/** Writes `text` as a quoted string at `at`. Returns the end; NaN for text that a quoted string cannot hold. */
function quoteInto(target: Uint8Array, at: number, text: Uint8Array): number {
  let end = at;
  target[end++] = quote;
  for (const byte of text) {
    if (!isQuotable(byte)) return Number.NaN;
    if (byte === quote || byte === backslash) target[end++] = backslash;
    target[end++] = byte;
  }
  target[end++] = quote;
  return end;
}
