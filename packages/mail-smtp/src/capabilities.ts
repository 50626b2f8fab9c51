/** The reply to EHLO (RFC 5321, section 4.1.1.1), made once per server. */
import type { Security } from '@postern/core';

/** The methods that can be advertised, in the order in which that is done. */
const advertised = ['plain', 'login', 'cram-md5', 'external'] as const;

/** The methods of `smtp_auth`. `none` lets clients send without a login, and is advertised nowhere. */
export const authMethods = [...advertised, 'none'] as const;

/** A word of `smtp_auth`. */
export type SmtpAuthMethod = (typeof authMethods)[number];

/** What the reply is made of: the values of `server_name`, `smtp_capabilities` and `smtp_auth`. */
export interface CapabilityConf {
  readonly serverName: string;
  readonly capabilities: readonly string[];
  readonly auth: readonly SmtpAuthMethod[];
}

/** The reply, all lines of it, for each state of TLS. */
export type EhloReplies = Readonly<Record<Security, Uint8Array>>;

/**
 * Builds the replies: the server's name, `smtp_capabilities` as configured, then the methods. In clear text
 * `starttls on` adds STARTTLS; `starttls only` takes the methods away too (RFC 3207).
 */
export function ehloReplies({ serverName, capabilities, auth }: CapabilityConf): EhloReplies {
  const items = [serverName, ...capabilities];
  const methods = advertised.filter((method) => auth.includes(method));
  const full = methods.length === 0 ? items : [...items, `AUTH ${methods.join(' ').toUpperCase()}`];
  const plain = reply(full);
  return Object.freeze({
    none: plain,
    active: plain,
    offered: reply([...full, 'STARTTLS']),
    required: reply([...items, 'STARTTLS']),
  });
}

/** A configured item may hold bytes beyond ASCII: they are sent as the configuration file has them. */
function reply(items: readonly string[]): Uint8Array {
  const last = items.length - 1;
  const lines = items.map((item, at) => `250${at === last ? ' ' : '-'}${item}\r\n`);
  return Uint8Array.from(Buffer.from(lines.join(''), 'utf8'));
}
