/**
 * `ssl_verify_depth`: how many certificates may stand between a client's and that of the authority which is trusted.
 * Node leaves OpenSSL's limit at 100, so a chain that OpenSSL found good is counted here.
 */
import type { X509Certificate } from 'node:crypto';

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate);
}

function isIssuer(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** The certificates that the client sent behind its own, at most `limit`. */
function sentBehind(leaf: X509Certificate, limit: number): readonly X509Certificate[] {
  const sent: X509Certificate[] = [];
  let next = leaf.issuerCertificate;
  while (next !== undefined && sent.length < limit) {
    sent.push(next);
    next = next.issuerCertificate;
  }
  return sent;
}

/** More certificates than a client sends for any good reason; OpenSSL's own limit of a chain. */
const mostSent = 100;

/**
 * Whether more than `depth` certificates stand between `leaf` and a self-signed one, going by trusted ones first, as
 * OpenSSL does. A chain whose end is not found counts as too long.
 */
export function isChainTooLong(
  leaf: X509Certificate,
  authorities: readonly X509Certificate[],
  depth: number,
): boolean {
  const candidates = [...authorities, ...sentBehind(leaf, mostSent)];
  let certificate = leaf;
  for (let between = 0; !isSelfSigned(certificate); between += 1) {
    const current = certificate;
    const issuer = candidates.find((one) => isIssuer(one, current));
    if (issuer === undefined) return true;
    if (between >= depth && !isSelfSigned(issuer)) return true;
    certificate = issuer;
  }
  return false;
}
