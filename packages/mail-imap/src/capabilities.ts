/** The CAPABILITY response (RFC 9051, section 7.2.2), made once per server. */
import type { Security } from '@postern/core';

/** The methods of `imap_auth`, in the order in which they are advertised. */
export const authMethods = ['plain', 'login', 'cram-md5', 'external'] as const;

/** A word of `imap_auth`. */
export type ImapAuthMethod = (typeof authMethods)[number];

/** What the response is made of: the values of `imap_capabilities` and `imap_auth`. */
export interface CapabilityConf {
  readonly capabilities: readonly string[];
  readonly auth: readonly ImapAuthMethod[];
}

/** The response, with line end, for each state of TLS. */
export type CapabilityLines = Readonly<Record<Security, Uint8Array>>;

/**
 * Builds the responses: `imap_capabilities` as configured, then the methods. In clear text `starttls on` adds
 * STARTTLS; `starttls only` takes the methods away and adds LOGINDISABLED (RFC 2595).
 */
export function capabilityLines(conf: CapabilityConf): CapabilityLines {
  const items = ['* CAPABILITY', ...conf.capabilities];
  const methods = authMethods.filter((method) => conf.auth.includes(method));
  const full = [...items, ...methods.map((method) => `AUTH=${method.toUpperCase()}`)];
  const plain = responseLine(full);
  return Object.freeze({
    none: plain,
    active: plain,
    offered: responseLine([...full, 'STARTTLS']),
    required: responseLine([...items, 'STARTTLS', 'LOGINDISABLED']),
  });
}

/** A configured item may hold bytes beyond ASCII: they are sent as the configuration file has them. */
function responseLine(words: readonly string[]): Uint8Array {
  return Uint8Array.from(Buffer.from(`${words.join(' ')}\r\n`, 'utf8'));
}
