/** Certificates, private keys and revocation lists: from files to what a TLS context takes. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Secret } from '../../secret.js';
import { cannotLoad, callFailed, opensslText, unsupportedKey } from './errors.js';
import { noStartLine, pemBlocks, readPem, type PemSource } from './pem-files.js';

/** A certificate with its key, both in PEM form. */
export interface CertificatePair {
  readonly leaf: X509Certificate;
  /** The leaf and the intermediates behind it. */
  readonly chain: string;
  readonly key: string;
}

const certificateLabels = ['CERTIFICATE', 'X509 CERTIFICATE'];
/** Those of our own certificates: PEM_read_bio_X509_AUX(3) takes one with trust settings (`openssl x509 -trustout`) too. */
const ownLabels = [...certificateLabels, 'TRUSTED CERTIFICATE'];

/** The file's certificates, each as text and parsed. `firstStep` is the call that OpenSSL reads the first one by. */
function loadChain(
  source: PemSource,
  firstStep: string,
  expecting: string,
  labels = certificateLabels,
): readonly { readonly pem: string; readonly certificate: X509Certificate }[] {
  const { name } = source;
  const read = readPem(source);
  if ('cause' in read) throw cannotLoad('certificate', name, 'BIO_new_file()', read.cause);
  const blocks = pemBlocks(read.text, labels);
  if (blocks.length === 0) {
    throw cannotLoad('certificate', name, firstStep, noStartLine(expecting));
  }
  return blocks.map((pem, index) => {
    try {
      return { pem, certificate: new X509Certificate(pem) };
    } catch (error) {
      const step = index === 0 ? firstStep : 'PEM_read_bio_X509()';
      throw cannotLoad('certificate', name, step, opensslText(error));
    }
  });
}

/** The certificates of CAs. Throws ConfigError. */
export function loadAuthorities(source: PemSource): readonly X509Certificate[] {
  const chain = loadChain(source, 'PEM_read_bio_X509()', 'CERTIFICATE');
  return chain.map(({ certificate }) => certificate);
}

/** The revocation lists of a file, each in PEM form. Throws ConfigError. */
export function loadRevocationLists(source: PemSource): readonly string[] {
  const { name } = source;
  const read = readPem(source);
  if ('cause' in read) throw cannotLoad('CRL', name, 'BIO_new_file()', read.cause);
  const blocks = pemBlocks(read.text, ['X509 CRL']);
  const cause = blocks.length === 0 ? noStartLine('X509 CRL') : malformed;
  if (blocks.length === 0 || !blocks.every(isRevocationList)) {
    throw cannotLoad('CRL', name, 'PEM_read_bio_X509_CRL()', cause);
  }
  return blocks;
}

const malformed = 'error:0488000D:PEM routines::ASN1 lib';

/** Node parses revocation lists into contexts only. */
function isRevocationList(crl: string): boolean {
  try {
    createSecureContext({ crl });
    return true;
  } catch {
    return false;
  }
}

const keyStep = 'PEM_read_bio_PrivateKey()';

/** The first key that one of the passphrases opens. */
function readKey(name: string, pem: string, passwords: readonly Secret[] | undefined): KeyObject {
  let failure: unknown;
  const attempts = passwords ?? [undefined];
  for (const password of attempts) {
    try {
      if (password === undefined) return createPrivateKey(pem);
      return createPrivateKey({ key: pem, passphrase: Buffer.from(password.reveal()) });
    } catch (error) {
      failure = error;
    }
  }
  const help =
    passwords === undefined && isEncrypted(pem)
      ? 'the key is encrypted: name a file with its passphrase by "ssl_password_file"'
      : undefined;
  throw cannotLoad('certificate key', name, keyStep, keyFailure(failure), help);
}

function isEncrypted(pem: string): boolean {
  return pem.includes('BEGIN ENCRYPTED PRIVATE KEY') || pem.includes('Proc-Type: 4,ENCRYPTED');
}

function keyFailure(error: unknown): string {
  const text = opensslText(error);
  const isUnsupported = text === 'error:1E08010C:DECODER routines::unsupported';
  return isUnsupported ? `${text}:No supported data to decode. Input type: PEM` : text;
}

function loadKey(source: PemSource, passwords: readonly Secret[] | undefined): KeyObject {
  const { name } = source;
  if (name.startsWith('engine:')) throw unsupportedKey(name, 'engine');
  if (name.startsWith('store:')) throw unsupportedKey(name, 'store');
  const read = readPem(source);
  if ('cause' in read) throw cannotLoad('certificate key', name, 'BIO_new_file()', read.cause);
  return readKey(name, read.text, passwords);
}

/** A certificate and its key. Throws ConfigError, also where they do not belong together. */
export function loadPair(
  certificate: PemSource,
  key: PemSource,
  passwords: readonly Secret[] | undefined,
): CertificatePair {
  const chain = loadChain(certificate, 'PEM_read_bio_X509_AUX()', 'TRUSTED CERTIFICATE', ownLabels);
  const privateKey = loadKey(key, passwords);
  const leaf = chain[0]?.certificate;
  if (leaf?.checkPrivateKey(privateKey) !== true) {
    const mismatch = 'error:05800074:x509 certificate routines::key values mismatch';
    throw callFailed('SSL_CTX_use_PrivateKey', key.name, mismatch);
  }
  return {
    leaf,
    chain: chain.map(({ pem }) => pem).join(''),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** The last pair of each key type, as OpenSSL keeps them: it holds one certificate of a type. */
export function onePerKeyType(pairs: readonly CertificatePair[]): readonly CertificatePair[] {
  const byType = new Map(pairs.map((pair) => [pair.leaf.publicKey.asymmetricKeyType, pair]));
  return [...byType.values()];
}
