/** What becomes of a client after the handshake: the table of `ssl_verify_client` (ngx_mail_handler.c). */
import type { X509Certificate } from 'node:crypto';
import { faultText, type CertificateFault } from '../../../net/certificate-fault.js';
import type { TlsState } from '../../../net/tls.js';
import type { TlsFacts, TlsVerdict } from '../../tls-policy.js';
import { certificateFacts, type OwnAlgorithms } from './certificate-facts.js';
import { depthFault } from './chain-depth.js';

/** The value of `ssl_verify_client`. */
export type VerifyMode = 'off' | 'on' | 'optional' | 'optional_no_ca';

/** How clients' certificates are judged. */
export interface VerifySettings {
  readonly mode: VerifyMode;
  readonly depth: number;
  /** Those that are trusted. */
  readonly authorities: readonly X509Certificate[];
}

/** The verdict on a finished handshake. `own` are the algorithms of the certificate that we showed. */
export function judge(
  state: TlsState,
  settings: VerifySettings,
  own: OwnAlgorithms | undefined,
): TlsVerdict {
  const { mode } = settings;
  if (mode === 'off') return { facts: { state, verify: undefined, certificate: undefined, own } };
  const { peerCertificate } = state;
  if (peerCertificate === undefined) {
    const facts: TlsFacts = { state, verify: 'NONE', certificate: undefined, own };
    return mode === 'on' ? { facts, refusal: missing } : { facts };
  }
  const certificate = certificateFacts(peerCertificate);
  const fault = faultOf(peerCertificate, state, settings);
  if (fault === undefined) return { facts: { state, verify: 'SUCCESS', certificate, own } };
  const facts: TlsFacts = { state, verify: `FAILED:${fault.reason}`, certificate, own };
  if (mode === 'optional_no_ca' && aboutTrust.has(fault.code)) return { facts };
  const log = `client SSL certificate verify error: (${faultText(fault)})`;
  return { facts, refusal: { reply: 'certificateError', log } };
}

const missing: NonNullable<TlsVerdict['refusal']> = Object.freeze({
  reply: 'noCertificate',
  log: 'client sent no required SSL certificate',
});

/** Verdicts only about who has signed a certificate: `optional_no_ca` passes over them (ngx_ssl_verify_error_optional). */
const aboutTrust: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What is wrong with the certificate, or undefined. A chain that is cut for its length has no end that could be wrong. */
function faultOf(
  certificate: X509Certificate,
  { verifyError: found }: TlsState,
  { authorities, depth }: VerifySettings,
): CertificateFault | undefined {
  if (found !== undefined && found.code !== 'SELF_SIGNED_CERT_IN_CHAIN') return found;
  return depthFault(certificate, authorities, depth) ?? found;
}
