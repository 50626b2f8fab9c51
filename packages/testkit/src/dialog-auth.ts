/** The auth service of a proxy in memory: what it would be asked, and what its answer means. */
import type { ClientAction } from '@postern/core';
import { toBytes, toText } from './bytes-text.js';

/** Credentials as a client dialog submits them. */
export type Credentialed = Extract<ClientAction, { do: 'authenticate' }>['credentials'];

/** What an answer means. */
export type DialogVerdict =
  | { readonly kind: 'accept'; readonly login: Uint8Array; readonly secret: Uint8Array }
  /** `again`: the session goes on. */
  | { readonly kind: 'refuse'; readonly text: string; readonly again: boolean }
  | { readonly kind: 'error' };

/** The request that nginx would make. */
export function authHead(protocol: string, credentials: Credentialed, attempt: number): Buffer {
  const { method, login, secret, salt } = credentials;
  const lines = [
    'GET /auth HTTP/1.0',
    'Host: 127.0.0.1',
    `Auth-Method: ${method}`,
    `Auth-User: ${escape(login)}`,
    `Auth-Pass: ${escape(secret)}`,
    ...(salt === undefined ? [] : [`Auth-Salt: ${salt}`]),
    `Auth-Protocol: ${protocol}`,
    `Auth-Login-Attempt: ${String(attempt)}`,
    'Client-IP: 127.0.0.1',
  ];
  return toBytes(`${lines.join('\r\n')}\r\n\r\n`);
}

function escape(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const raw = byte > 0x20 && byte !== 0x25;
    text += raw
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

/** Reads an answer that is well formed. */
export function readVerdict(
  answer: Uint8Array,
  credentials: Credentialed,
  needsSecret: boolean,
): DialogVerdict {
  const fields = fieldsOf(toText(answer));
  const status = fields.get('auth-status') ?? 'OK';
  const wait = Number(fields.get('auth-wait') ?? '0');
  if (status !== 'OK') return { kind: 'refuse', text: status, again: wait > 0 };
  if (!fields.has('auth-server') || !fields.has('auth-port')) return { kind: 'error' };
  const pass = fields.get('auth-pass');
  const own = credentials.method === 'plain' || !needsSecret ? credentials.secret : undefined;
  const secret = pass === undefined ? own : toBytes(pass);
  if (secret === undefined) return { kind: 'error' };
  const user = fields.get('auth-user');
  return { kind: 'accept', login: user === undefined ? credentials.login : toBytes(user), secret };
}

function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}
