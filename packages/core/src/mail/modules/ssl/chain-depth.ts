/**
 * `ssl_verify_depth`: how many certificates may stand between a client's and that of the authority which is trusted.
 * Node leaves OpenSSL's limit at 100, so a chain whose end OpenSSL found is counted here.
 */
import type { X509Certificate } from 'node:crypto';
import { certificateFault, type CertificateFault } from '../../../net/certificate-fault.js';

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

const noIssuerSent = certificateFault(
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'unable to get local issuer certificate',
);
const noIssuerTrusted = certificateFault(
  'UNABLE_TO_GET_ISSUER_CERT',
  'unable to get issuer certificate',
);

/**
 * What is wrong where more than `depth` certificates stand between `leaf` and a self-signed one, going by trusted ones
 * first, as OpenSSL does. OpenSSL notes that the chain is too long, is told by nginx to go on, and ends with what it says
 * last: that the chain, which it cut there, has no end. What that is depends on where the last certificate came from.
 */
export function depthFault(
  leaf: X509Certificate,
  authorities: readonly X509Certificate[],
  depth: number,
): CertificateFault | undefined {
  const sent = sentBehind(leaf, mostSent);
  let certificate = leaf;
  for (let between = 0; !isSelfSigned(certificate); between += 1) {
    const current = certificate;
    const trusted = authorities.find((one) => isIssuer(one, current));
    const issuer = trusted ?? sent.find((one) => isIssuer(one, current));
    if (issuer === undefined) return noIssuerSent;
    if (between >= depth && !isSelfSigned(issuer)) {
      return trusted === undefined ? noIssuerSent : noIssuerTrusted;
    }
    certificate = issuer;
  }
  return undefined;
}
