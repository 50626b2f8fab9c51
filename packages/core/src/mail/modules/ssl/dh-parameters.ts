/** `ssl_dhparam`: parameters of DHE ciphers. Node passes over a file that holds none, so it is looked at here first. */
import { callFailed } from './errors.js';
import { DerTag, readElement, readElements } from './der.js';
import { noStartLine, pemBlocks, readPem, type PemSource } from './pem-files.js';

const label = 'DH PARAMETERS';
/** OpenSSL reads both forms: the second has the order of the group as well (`openssl dhparam -dsaparam`). */
const labels = [label, 'X9.42 DH PARAMETERS'];

/** The first parameters in a file, in PEM form. Throws ConfigError. */
export function loadDhParameters(source: Pick<PemSource, 'name' | 'sources'>): string {
  const { name } = source;
  const read = readPem(source);
  if ('cause' in read) throw callFailed('BIO_new_file', name, read.cause);
  const [block] = pemBlocks(read.text, labels);
  if (block === undefined) {
    throw callFailed('PEM_read_bio_DHparams', name, noStartLine(label));
  }
  if (isDhParameters(block)) return block;
  throw callFailed('PEM_read_bio_DHparams', name, 'error:0488000D:PEM routines::ASN1 lib');
}

/** DHParameter of PKCS #3: a sequence that begins with the integers p and g. */
function isDhParameters(block: string): boolean {
  const lines = block.split('\n').filter((line) => !line.startsWith('-----'));
  const sequence = readElement(Buffer.from(lines.join(''), 'base64'));
  const [prime, generator] = readElements(sequence?.content ?? Buffer.alloc(0)) ?? [];
  return prime?.tag === DerTag.integer && generator?.tag === DerTag.integer;
}
