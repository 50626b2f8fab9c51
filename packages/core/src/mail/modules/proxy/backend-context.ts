/** The TLS context for backends, from the `proxy_ssl_*` directives. */
import { createSecureContext, type SecureContext } from 'node:tls';
import { ConfigError } from '../../../errors.js';
import { loadAuthorities, loadPair } from '../ssl/certificates.js';
import { callFailed, opensslText } from '../ssl/errors.js';
import type { PemSource } from '../ssl/pem-files.js';
import {
  atSecurityLevel,
  cipherList,
  defaultSuites,
  knownVersions,
  versionRange,
  type ProtocolName,
} from '../ssl/protocols.js';

/** The values that a context is made of. */
export interface BackendContextSettings {
  readonly sslTrustedCertificate: PemSource | undefined;
  readonly sslCertificate: PemSource | undefined;
  readonly sslCertificateKey: PemSource | undefined;
  readonly sslProtocols: readonly ProtocolName[];
  readonly sslCiphers: string;
}

/** Makes the context. Without trusted certificates those of the runtime are trusted. Throws ConfigError. */
export function createBackendContext(settings: BackendContextSettings): SecureContext {
  const { sslTrustedCertificate: trusted, sslCiphers } = settings;
  const versions = knownVersions(settings.sslProtocols);
  const { minVersion, maxVersion, gaps } = versionRange(versions);
  const ciphers = atSecurityLevel(cipherList(sslCiphers), versions);
  const options = {
    minVersion,
    maxVersion,
    secureOptions: gaps,
    ...(trusted && { ca: loadAuthorities(trusted).map(String) }),
    ...ownCertificate(settings),
  };
  try {
    return createSecureContext({ ...options, ciphers: `${defaultSuites}:${ciphers}` });
  } catch (error) {
    throw callFailed('SSL_CTX_set_cipher_list', sslCiphers, opensslText(error));
  }
}

/** The certificate that backends are shown, where one is configured. */
function ownCertificate(settings: BackendContextSettings) {
  const { sslCertificate, sslCertificateKey } = settings;
  if (sslCertificate === undefined) return undefined;
  if (sslCertificateKey === undefined) {
    throw new ConfigError(
      `no "proxy_ssl_certificate_key" is defined for certificate "${sslCertificate.written}"`,
    );
  }
  const { chain, key } = loadPair(sslCertificate, sslCertificateKey, undefined);
  return { cert: chain, key };
}
