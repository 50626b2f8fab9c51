/** `ssl_protocols` and `ssl_ciphers`: from nginx's words to what a TLS context of Node takes. */
import { constants } from 'node:crypto';
import type { SecureVersion } from 'node:tls';
import { flags } from '../../../config/codec.js';
import type { Codec } from '../../../config/directive.js';

/** Protocol versions in rising order. Node's OpenSSL knows neither of the SSL ones. */
const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;

/** A protocol version that can be spoken. */
export type ProtocolVersion = (typeof versions)[number];

/** A word of `ssl_protocols`. */
export type ProtocolName = 'SSLv2' | 'SSLv3' | ProtocolVersion;

const names = flags('SSLv2', 'SSLv3', ...versions);

/** Versions with known weaknesses (RFC 8996). */
export function isObsolete(version: ProtocolVersion): boolean {
  return version === 'TLSv1' || version === 'TLSv1.1';
}

/** The versions of a list of names, in rising order. */
export function knownVersions(list: readonly ProtocolName[]): readonly ProtocolVersion[] {
  return versions.filter((version) => list.includes(version));
}

/** The codec of `ssl_protocols`; warns of what is obsolete and of what is not there. */
export const protocolNames: Codec<readonly ProtocolName[]> = {
  ...names,
  parse(words, context) {
    const list = names.parse(words, context) as readonly ProtocolName[];
    const obsolete = knownVersions(list).filter(isObsolete);
    if (obsolete.length > 0) {
      context.warn(
        `obsolete protocols ${obsolete.join(', ')} are enabled, at security level 0 unless "ssl_ciphers" names another`,
      );
    }
    if (list.includes('SSLv3')) context.warn('SSLv3 is not supported on this platform, ignored');
    return list;
  },
};

/** The bounds of a set of versions, and options that take out what is missing between them. */
export interface VersionRange {
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** Bits of SSL_OP_NO_*. */
  readonly gaps: number;
}

const without: Readonly<Record<ProtocolVersion, number>> = {
  TLSv1: constants.SSL_OP_NO_TLSv1,
  'TLSv1.1': constants.SSL_OP_NO_TLSv1_1,
  'TLSv1.2': constants.SSL_OP_NO_TLSv1_2,
  'TLSv1.3': constants.SSL_OP_NO_TLSv1_3,
};

/** The range of `list`. Of no version at all every handshake fails, as in nginx. */
export function versionRange(list: readonly ProtocolVersion[]): VersionRange {
  const minVersion = list[0] ?? 'TLSv1.3';
  const maxVersion = list.at(-1) ?? 'TLSv1.3';
  let gaps = 0;
  for (const version of versions) if (!list.includes(version)) gaps |= without[version];
  return { minVersion, maxVersion, gaps };
}

/** Whether a cipher's name is of the form that TLS 1.3 has. */
export function isSuite(name: string): boolean {
  return name.startsWith('TLS_');
}

/** OpenSSL's default suites of TLS 1.3: `ssl_ciphers` is not about them. */
export const defaultSuites =
  'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

/**
 * The cipher list of `ssl_ciphers`. Node would take names of TLS 1.3 suites in it for a choice of those; OpenSSL, and
 * so nginx, passes over them.
 */
export function cipherList(ciphers: string): string {
  const parts = ciphers.split(/[:, ;]/).filter((part) => part !== '' && !isSuite(part));
  return parts.join(':');
}

/** `list` at security level 0 if obsolete protocols, whose signatures need it, are wanted and no level is written. */
export function atSecurityLevel(list: string, protocols: readonly ProtocolVersion[]): string {
  const isNeeded = protocols.some(isObsolete) && !list.includes('@SECLEVEL=');
  return isNeeded ? `${list}:@SECLEVEL=0` : list;
}
