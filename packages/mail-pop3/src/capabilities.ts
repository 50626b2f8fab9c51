/** The answers to CAPA (RFC 2449) and to AUTH without arguments, made once per server. */
import type { Security } from '@postern/core';

/** The methods of `pop3_auth`. */
export const authMethods = ['plain', 'apop', 'cram-md5', 'external'] as const;

/** A word of `pop3_auth`. */
export type Pop3AuthMethod = (typeof authMethods)[number];

/** What the answers are made of: the values of `pop3_capabilities` and `pop3_auth`. */
export interface CapabilityConf {
  readonly capabilities: readonly string[];
  readonly auth: readonly Pop3AuthMethod[];
}

/** The answers, each with all its lines. */
export interface CapabilityReplies {
  /** To CAPA, for each state of TLS. That of `none` is also the one behind USER. */
  readonly capa: Readonly<Record<Security, Uint8Array>>;
  /** To AUTH. */
  readonly methods: Uint8Array;
}

/** The SASL mechanisms in the order in which they are advertised. `plain` brings LOGIN; APOP is not one of them. */
const mechanisms = [
  { name: 'PLAIN', method: 'plain' },
  { name: 'LOGIN', method: 'plain' },
  { name: 'CRAM-MD5', method: 'cram-md5' },
  { name: 'EXTERNAL', method: 'external' },
] as const;

/**
 * Builds the answers: `pop3_capabilities` as configured, then the mechanisms. In clear text `starttls on` adds STLS;
 * `starttls only` takes USER and the mechanisms away (RFC 2595, section 4).
 */
export function capabilityReplies({ capabilities, auth }: CapabilityConf): CapabilityReplies {
  const enabled = mechanisms.filter(({ method }) => auth.includes(method));
  const names = enabled.map(({ name }) => name);
  const full = [...capabilities, ['SASL', ...names].join(' ')];
  const guarded = capabilities.filter((item) => item.toUpperCase() !== 'USER');
  const plain = listReply('Capability list follows', full);
  return Object.freeze({
    capa: Object.freeze({
      none: plain,
      active: plain,
      offered: listReply('Capability list follows', [...full, 'STLS']),
      required: listReply('Capability list follows', [...guarded, 'STLS']),
    }),
    methods: listReply('methods supported:', names),
  });
}

/** A configured item may hold bytes beyond ASCII: they are sent as the configuration file has them. */
function listReply(title: string, items: readonly string[]): Uint8Array {
  const lines = [`+OK ${title}`, ...items, '.'].map((text) => `${text}\r\n`);
  return Uint8Array.from(Buffer.from(lines.join(''), 'utf8'));
}
