/** The auth service of a proxy in memory: what it would be asked, and what its answer means. */
import type { ClientAction, Reply } from '@postern/core';
import { toBytes, toText } from './bytes-text.js';

/** Credentials as a client dialog submits them. */
export type Credentialed = Extract<ClientAction, { do: 'authenticate' }>['credentials'];

/** What an answer means. */
export type DialogVerdict =
  | { readonly kind: 'accept'; readonly login: Uint8Array; readonly secret: Uint8Array | undefined }
  /** `again`: the session goes on. */
  | { readonly kind: 'refuse'; readonly reply: Reply; readonly again: boolean }
  | { readonly kind: 'error' };

/** What a request says besides the credentials. */
export interface RequestFacts {
  readonly protocol: string;
  /** Credential submissions so far, this one included. */
  readonly attempt: number;
  /** The client's host name; undefined where the protocol does not look it up. */
  readonly clientName: string | undefined;
}

/** The request that nginx would make (ngx_mail_auth_http_create_request), in its order of headers. */
export function authHead(credentials: Credentialed, facts: RequestFacts): Buffer {
  const { method, login, secret, salt } = credentials;
  const { protocol, attempt, clientName } = facts;
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
    ...(clientName === undefined ? [] : [`Client-Host: ${clientName}`]),
    ...envelopeLines(credentials),
  ];
  return toBytes(`${lines.join('\r\n')}\r\n\r\n`);
}

/** The commands of a client that does not log in; they hold no line end, so nothing is escaped. */
function envelopeLines({ envelope }: Credentialed): string[] {
  if (envelope === undefined) return [];
  return [
    `Auth-SMTP-Helo: ${toText(envelope.helo)}`,
    `Auth-SMTP-From: ${toText(envelope.from)}`,
    `Auth-SMTP-To: ${toText(envelope.to)}`,
  ];
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
  const refusal = refusalOf(fields, needsSecret);
  if (refusal !== undefined) {
    return { kind: 'refuse', reply: refusal, again: Number(fields.get('auth-wait') ?? '0') > 0 };
  }
  if (!fields.has('auth-server') || !fields.has('auth-port')) return { kind: 'error' };
  const pass = fields.get('auth-pass');
  const own = credentials.method === 'plain' ? credentials.secret : undefined;
  const secret = pass === undefined ? own : toBytes(pass);
  if (secret === undefined && needsSecret) return { kind: 'error' };
  const user = fields.get('auth-user');
  return { kind: 'accept', login: user === undefined ? credentials.login : toBytes(user), secret };
}

/** nginx takes an empty status for a refusal in IMAP and POP3 and for none in SMTP. */
function refusalOf(fields: ReadonlyMap<string, string>, needsSecret: boolean): Reply | undefined {
  const text = fields.get('auth-status') ?? 'OK';
  if (text === 'OK' || (text === '' && !needsSecret)) return undefined;
  const code = fields.get('auth-error-code');
  return { status: 'refused', text, ...(code === undefined ? {} : { code }) };
}

function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}
