/** The TLS context for backends, from the `proxy_ssl_*` directives. */
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { ConfigError } from '../../../errors.js';
import { loadAuthorities, loadPair } from '../ssl/certificates.js';
import { callFailed, opensslText } from '../ssl/errors.js';
import type { PemSource } from '../ssl/pem-files.js';
import { knownVersions, type ProtocolName } from '../ssl/protocols.js';
import { checkParameters, contextOptions, tlsParameters } from '../ssl/tls-parameters.js';

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
  const { sslTrustedCertificate: trusted, sslCertificate: certificate } = settings;
  const own = ownCertificate(settings);
  const options = { ...negotiation(settings), ...own };
  if (certificate !== undefined) checkStrength(certificate, options);
  // Without `ca` Node takes its own.
  const ca = trusted === undefined ? undefined : loadAuthorities(trusted).map(String);
  return createSecureContext({ ...options, ca });
}

/** Versions and ciphers, and what every context has. */
function negotiation({ sslProtocols, sslCiphers: ciphers }: BackendContextSettings) {
  const parameters = tlsParameters({
    protocols: knownVersions(sslProtocols),
    ciphers,
    preferServerCiphers: false,
    curves: 'auto',
    dhParameters: undefined,
    tickets: true,
  });
  checkParameters(parameters, { ciphers, dhFile: undefined });
  return contextOptions(parameters);
}

/** A key may be too small for the security level. */
function checkStrength({ name }: PemSource, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch (error) {
    throw callFailed('SSL_CTX_use_certificate', name, opensslText(error));
  }
}

/** The certificate that backends are shown, where one is configured. */
function ownCertificate({ sslCertificate, sslCertificateKey }: BackendContextSettings) {
  if (sslCertificate === undefined) return undefined;
  if (sslCertificateKey === undefined) {
    throw new ConfigError(
      `no "proxy_ssl_certificate_key" is defined for certificate "${sslCertificate.written}"`,
    );
  }
  const { chain, key } = loadPair(sslCertificate, sslCertificateKey, undefined);
  return { cert: chain, key };
}
