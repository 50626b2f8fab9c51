/** Certificates made by openssl for one test file: an authority, servers good and bad, clients good and bad. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chmodSync } from 'node:fs';
import { run } from '../child.js';

/** Files of a certificate and its key. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** What is wrong with a certificate, if anything. */
export type Flaw = 'good' | 'expired' | 'wrong-name' | 'self-signed';

/** The certificates in a directory of their own, which other users may read. */
export interface Certificates {
  readonly authority: string;
  /** The list of the authority that names {@link revoked}. */
  readonly revocations: string;
  /** For `mail.example.com`, `localhost` and 127.0.0.1, unless it is the name that is wrong. */
  readonly servers: Readonly<Record<Flaw, Pair>>;
  readonly clients: Readonly<Record<'good' | 'expired' | 'self-signed' | 'revoked', Pair>>;
  /** Where further files of the test may lie. */
  readonly directory: string;
  remove(): void;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const;
const names = 'subjectAltName=DNS:mail.example.com,DNS:localhost,IP:127.0.0.1';

/** A directory in which openssl makes certificates. */
class Workshop {
  readonly directory = mkdtempSync(join(tmpdir(), 'certificates-'));
  readonly #authority = this.#pair('authority');

  path(name: string): string {
    return join(this.directory, name);
  }

  #pair(name: string): Pair {
    return { certificate: this.path(`${name}.crt`), key: this.path(`${name}.key`) };
  }

  async makeAuthority(): Promise<string> {
    chmodSync(this.directory, 0o755);
    const { certificate, key } = this.#authority;
    const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    const files = ['-keyout', key, '-out', certificate];
    await run('openssl', ['req', '-x509', ...newKey, ...files, '-subj', '/CN=Authority', ...usage]);
    return certificate;
  }

  /** A certificate that signs itself. */
  async selfSigned(name: string, subject: string, extension: string): Promise<Pair> {
    const pair = this.#pair(name);
    const files = ['-keyout', pair.key, '-out', pair.certificate];
    const about = ['-subj', subject, '-addext', extension];
    await run('openssl', ['req', '-x509', ...newKey, ...files, ...about]);
    chmodSync(pair.key, 0o644);
    return pair;
  }

  /** A certificate of the authority, valid for `days` from now on; -1 has expired. */
  async signed(name: string, subject: string, extension: string, days = 2): Promise<Pair> {
    const pair = this.#pair(name);
    const request = this.path(`${name}.csr`);
    const extensions = this.path(`${name}.ext`);
    writeFileSync(extensions, `${extension}\n`);
    const files = ['-keyout', pair.key, '-out', request];
    await run('openssl', ['req', '-new', ...newKey, ...files, '-subj', subject]);
    const by = ['-CA', this.#authority.certificate, '-CAkey', this.#authority.key];
    const how = ['-CAcreateserial', '-days', String(days), '-extfile', extensions];
    const what = ['-in', request, '-out', pair.certificate];
    await run('openssl', ['x509', '-req', ...what, ...by, ...how]);
    chmodSync(pair.key, 0o644);
    return pair;
  }

  /** A list that names one certificate. */
  async revoke({ certificate }: Pair): Promise<string> {
    const config = this.path('ca.cnf');
    writeFileSync(this.path('index.txt'), '');
    writeFileSync(
      config,
      `[ca]\ndefault_ca = own\n[own]\ndatabase = ${this.path('index.txt')}\ndefault_md = sha256\ndefault_crl_days = 2\n`,
    );
    const own = ['-config', config, '-keyfile', this.#authority.key, '-cert'];
    const ca = ['ca', ...own, this.#authority.certificate];
    await run('openssl', [...ca, '-revoke', certificate]);
    await run('openssl', [...ca, '-gencrl', '-out', this.path('list.crl')]);
    return this.path('list.crl');
  }
}

/** Makes them all; takes half a second. */
export async function makeCertificates(): Promise<Certificates> {
  const workshop = new Workshop();
  const authority = await workshop.makeAuthority();
  const subject = '/CN=mail.example.com';
  const client = 'extendedKeyUsage=clientAuth';
  const revoked = await workshop.signed('revoked', '/CN=revoked', client);
  return {
    authority,
    revocations: await workshop.revoke(revoked),
    servers: {
      good: await workshop.signed('good', subject, names),
      expired: await workshop.signed('expired', subject, names, -1),
      'wrong-name': await workshop.signed('wrong', '/CN=x', 'subjectAltName=DNS:other.example'),
      'self-signed': await workshop.selfSigned('self', subject, names),
    },
    clients: {
      good: await workshop.signed('client', '/O=Example, Inc./CN=alice', client),
      expired: await workshop.signed('client-expired', '/CN=late', client, -1),
      'self-signed': await workshop.selfSigned('client-self', '/CN=alone', client),
      revoked,
    },
    directory: workshop.directory,
    remove: () => {
      rmSync(workshop.directory, { recursive: true });
    },
  };
}
