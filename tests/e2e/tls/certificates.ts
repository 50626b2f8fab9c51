/** Certificates made by openssl for one test file: an authority, servers good and bad, clients good and bad. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  /** Of the servers. */
  readonly authority: string;
  /** Of the clients: another one, for an authority that OpenSSL knows it sends along with the certificates it signed. */
  readonly clientAuthority: string;
  /** The list of the clients' authority, which names the revoked one. */
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

  path(name: string): string {
    return join(this.directory, name);
  }

  #pair(name: string): Pair {
    return { certificate: this.path(`${name}.crt`), key: this.path(`${name}.key`) };
  }

  async authority(name: string): Promise<Pair> {
    chmodSync(this.directory, 0o755);
    const pair = this.#pair(name);
    const about = ['-subj', `/CN=${name}`, '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    const files = ['-keyout', pair.key, '-out', pair.certificate];
    await run('openssl', ['req', '-x509', ...newKey, ...files, ...about]);
    return pair;
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

  /** A certificate of `authority`, valid for `days` from now on; -1 has expired. */
  async signed(
    authority: Pair,
    name: string,
    subject: string,
    extension: string,
    days = 2,
  ): Promise<Pair> {
    const pair = this.#pair(name);
    const request = this.path(`${name}.csr`);
    const extensions = this.path(`${name}.ext`);
    writeFileSync(extensions, `${extension}\n`);
    const files = ['-keyout', pair.key, '-out', request];
    await run('openssl', ['req', '-new', ...newKey, ...files, '-subj', subject]);
    const by = ['-CA', authority.certificate, '-CAkey', authority.key];
    const how = ['-CAcreateserial', '-days', String(days), '-extfile', extensions];
    const what = ['-in', request, '-out', pair.certificate];
    await run('openssl', ['x509', '-req', ...what, ...by, ...how]);
    chmodSync(pair.key, 0o644);
    return pair;
  }

  /** A list that names one certificate. */
  async revoke(authority: Pair, { certificate }: Pair): Promise<string> {
    const config = this.path('ca.cnf');
    writeFileSync(this.path('index.txt'), '');
    writeFileSync(
      config,
      `[ca]\ndefault_ca = own\n[own]\ndatabase = ${this.path('index.txt')}\ndefault_md = sha256\ndefault_crl_days = 2\n`,
    );
    const by = ['-keyfile', authority.key, '-cert', authority.certificate];
    const ca = ['ca', '-config', config, ...by];
    await run('openssl', [...ca, '-revoke', certificate]);
    await run('openssl', [...ca, '-gencrl', '-out', this.path('list.crl')]);
    return this.path('list.crl');
  }
}

/** Makes them all; takes half a second. */
export async function makeCertificates(): Promise<Certificates> {
  const workshop = new Workshop();
  const authority = await workshop.authority('Authority');
  const clientAuthority = await workshop.authority('Clients');
  const server = (name: string, extension = names, days = 2): Promise<Pair> =>
    workshop.signed(authority, name, '/CN=mail.example.com', extension, days);
  const usage = 'extendedKeyUsage=clientAuth';
  const client = (name: string, subject: string, days = 2): Promise<Pair> =>
    workshop.signed(clientAuthority, name, subject, usage, days);
  const revoked = await client('revoked', '/CN=revoked');
  return {
    authority: authority.certificate,
    clientAuthority: clientAuthority.certificate,
    revocations: await workshop.revoke(clientAuthority, revoked),
    servers: {
      good: await server('good'),
      expired: await server('expired', names, -1),
      'wrong-name': await server('wrong-name', 'subjectAltName=DNS:other.example'),
      'self-signed': await workshop.selfSigned('self-signed', '/CN=mail.example.com', names),
    },
    clients: {
      good: await client('client', '/O=Example, Inc./CN=alice'),
      expired: await client('client-expired', '/CN=late', -1),
      'self-signed': await workshop.selfSigned('client-self-signed', '/CN=alone', usage),
      revoked,
    },
    directory: workshop.directory,
    remove: () => {
      rmSync(workshop.directory, { recursive: true });
    },
  };
}
