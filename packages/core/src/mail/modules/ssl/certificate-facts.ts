/** What is told of certificates: the client's to the auth service, our own to backends. */
import type { X509Certificate } from 'node:crypto';
import type { CertificateFacts, TlsFacts } from '../../tls-policy.js';
import { DerTag, objectIdentifier, readElement, readElements } from './der.js';
import { commonName, distinguishedName } from './distinguished-name.js';

/** Algorithms of a certificate, for PROXY protocol v2. */
export type OwnAlgorithms = NonNullable<TlsFacts['own']>;

const nothing = Buffer.alloc(0);

/** Contents of the fields of a TBSCertificate (RFC 5280, 4.1) that nginx passes on; empty where it is not DER. */
function namesIn(raw: Buffer): { readonly issuer: Buffer; readonly subject: Buffer } {
  const toBeSigned = readElement(readElement(raw)?.content ?? nothing);
  const all = readElements(toBeSigned?.content ?? nothing) ?? [];
  const fields = all[0]?.tag === DerTag.version ? all.slice(1) : all;
  const [, , issuer, , subject] = fields;
  return { issuer: issuer?.content ?? nothing, subject: subject?.content ?? nothing };
}

/** The facts of a client's certificate, in the forms of `Auth-SSL-*`. */
export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  const { issuer, subject } = namesIn(certificate.raw);
  const { serialNumber } = certificate;
  return {
    subject: distinguishedName(subject),
    commonName: commonName(subject),
    issuer: distinguishedName(issuer),
    // OpenSSL prints whole bytes; Node makes an exception of zero.
    serial: serialNumber === '0' ? '00' : serialNumber,
    fingerprint: certificate.fingerprint.replaceAll(':', '').toLowerCase(),
    pem: certificate.toString(),
  };
}

/** OpenSSL's short names of signature algorithms. */
const signatureNames: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.4', 'RSA-MD5'],
  ['1.2.840.113549.1.1.5', 'RSA-SHA1'],
  ['1.2.840.113549.1.1.10', 'RSASSA-PSS'],
  ['1.2.840.113549.1.1.11', 'RSA-SHA256'],
  ['1.2.840.113549.1.1.12', 'RSA-SHA384'],
  ['1.2.840.113549.1.1.13', 'RSA-SHA512'],
  ['1.2.840.113549.1.1.14', 'RSA-SHA224'],
  ['1.2.840.10045.4.1', 'ecdsa-with-SHA1'],
  ['1.2.840.10045.4.3.1', 'ecdsa-with-SHA224'],
  ['1.2.840.10045.4.3.2', 'ecdsa-with-SHA256'],
  ['1.2.840.10045.4.3.3', 'ecdsa-with-SHA384'],
  ['1.2.840.10045.4.3.4', 'ecdsa-with-SHA512'],
  ['1.3.101.112', 'ED25519'],
  ['1.3.101.113', 'ED448'],
]);

const curveBits: Readonly<Record<string, string>> = {
  prime256v1: '256',
  secp384r1: '384',
  secp521r1: '521',
};

function signatureName(raw: Buffer): string {
  const [, algorithm] = readElements(readElement(raw)?.content ?? nothing) ?? [];
  const identifier = readElement(algorithm?.content ?? nothing);
  const dotted = objectIdentifier(identifier?.content ?? nothing) ?? '';
  return signatureNames.get(dotted) ?? dotted;
}

function keyName({ publicKey }: X509Certificate): string {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  const type = publicKey.asymmetricKeyType ?? '';
  if (namedCurve !== undefined) return `EC${curveBits[namedCurve] ?? ''}`;
  return modulusLength === undefined ? type.toUpperCase() : `RSA${String(modulusLength)}`;
}

/** The algorithms of our own certificate, for instance `RSA-SHA256` and `RSA2048`. */
export function ownAlgorithms(certificate: X509Certificate): OwnAlgorithms {
  return { signature: signatureName(certificate.raw), key: keyName(certificate) };
}
