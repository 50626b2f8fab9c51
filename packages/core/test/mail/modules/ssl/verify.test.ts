import { describe, expect, it } from 'vitest';
import type { ConnectionOptions } from 'node:tls';
import { fixture, identity, meet, policyOf } from './tls-servers.js';

/** A client with the certificate in `name` (and its key beside it). */
function as(name: string, maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3'): ConnectionOptions {
  return {
    cert: fixture(`${name}.pem`),
    key: fixture(`${name.replace('-chain', '')}.key`),
    maxVersion,
  };
}

const nobody: ConnectionOptions = {};
const root = 'ssl_client_certificate root.pem;';
const sentence = (text: string): string => `client SSL certificate verify error: (${text})`;

interface Case {
  readonly name: string;
  readonly mode: string;
  readonly ca?: string;
  readonly client: ConnectionOptions;
  /** `Auth-SSL-Verify`. */
  readonly verify: string;
  /** What is logged of a client that is turned away. */
  readonly log?: string;
}

const cases: readonly Case[] = [
  { name: 'on lets a good one in', mode: 'on', client: as('client'), verify: 'SUCCESS' },
  {
    name: 'on turns away who sends none',
    mode: 'on',
    client: nobody,
    verify: 'NONE',
    log: 'client sent no required SSL certificate',
  },
  {
    name: 'on turns an expired one away',
    mode: 'on',
    client: as('expired'),
    verify: 'FAILED:certificate has expired',
    log: sentence('10:certificate has expired'),
  },
  {
    name: 'on turns a self-signed one away',
    mode: 'on',
    client: as('alone'),
    verify: 'FAILED:self-signed certificate',
    log: sentence('18:self-signed certificate'),
  },
  {
    name: 'on turns one of another authority away',
    mode: 'on',
    client: as('foreign'),
    verify: 'FAILED:unable to verify the first certificate',
    log: sentence('21:unable to verify the first certificate'),
  },
  {
    name: 'optional lets a good one in',
    mode: 'optional',
    client: as('client'),
    verify: 'SUCCESS',
  },
  { name: 'optional lets in who sends none', mode: 'optional', client: nobody, verify: 'NONE' },
  {
    name: 'optional turns an expired one away',
    mode: 'optional',
    client: as('expired'),
    verify: 'FAILED:certificate has expired',
    log: sentence('10:certificate has expired'),
  },
  {
    name: 'optional turns a self-signed one away',
    mode: 'optional',
    client: as('alone'),
    verify: 'FAILED:self-signed certificate',
    log: sentence('18:self-signed certificate'),
  },
  {
    name: 'optional_no_ca lets a good one in',
    mode: 'optional_no_ca',
    client: as('client'),
    verify: 'SUCCESS',
  },
  {
    name: 'optional_no_ca lets in who sends none',
    mode: 'optional_no_ca',
    client: nobody,
    verify: 'NONE',
  },
  {
    name: 'optional_no_ca passes a self-signed one on',
    mode: 'optional_no_ca',
    client: as('alone'),
    verify: 'FAILED:self-signed certificate',
  },
  {
    name: 'optional_no_ca passes one of another authority on',
    mode: 'optional_no_ca',
    client: as('foreign'),
    verify: 'FAILED:unable to verify the first certificate',
  },
  {
    name: 'optional_no_ca needs no authorities, and never takes those of Node',
    mode: 'optional_no_ca',
    ca: '',
    client: as('client'),
    verify: 'FAILED:unable to verify the first certificate',
  },
  {
    name: 'optional_no_ca turns an expired one away',
    mode: 'optional_no_ca',
    client: as('expired'),
    verify: 'FAILED:certificate has expired',
    log: sentence('10:certificate has expired'),
  },
  {
    name: 'ssl_trusted_certificate is trusted too',
    mode: 'on',
    ca: 'ssl_trusted_certificate root.pem; ssl_client_certificate other-root.pem;',
    client: as('client'),
    verify: 'SUCCESS',
  },
  {
    name: 'ssl_crl turns a revoked one away',
    mode: 'on',
    ca: `${root} ssl_crl crl.pem;`,
    client: as('revoked'),
    verify: 'FAILED:certificate revoked',
    log: sentence('23:certificate revoked'),
  },
  {
    name: 'ssl_crl lets in who is not on the list',
    mode: 'on',
    ca: `${root} ssl_crl crl.pem;`,
    client: as('client'),
    verify: 'SUCCESS',
  },
  {
    name: 'ssl_crl needs the list of every authority in the chain',
    mode: 'on',
    ca: `${root} ssl_crl crl.pem;`,
    client: as('deep-chain'),
    verify: 'FAILED:unable to get certificate CRL',
    log: sentence('3:unable to get certificate CRL'),
  },
  {
    name: 'without ssl_crl a revoked one is good',
    mode: 'on',
    client: as('revoked'),
    verify: 'SUCCESS',
  },
  {
    name: 'the default depth allows one certificate between client and root',
    mode: 'on',
    client: as('deep-chain'),
    verify: 'SUCCESS',
  },
  {
    name: 'the default depth does not allow two',
    mode: 'on',
    client: as('deeper-chain'),
    verify: 'FAILED:unable to get local issuer certificate',
    log: sentence('20:unable to get local issuer certificate'),
  },
  {
    name: 'depth 2 does',
    mode: 'on',
    ca: `${root} ssl_verify_depth 2;`,
    client: as('deeper-chain'),
    verify: 'SUCCESS',
  },
  {
    name: 'depth 0 allows a client of the root',
    mode: 'on',
    ca: `${root} ssl_verify_depth 0;`,
    client: as('client'),
    verify: 'SUCCESS',
  },
  {
    name: 'depth 0 allows nothing between, even if it is trusted itself',
    mode: 'on',
    ca: `${root} ssl_trusted_certificate inner.pem; ssl_verify_depth 0;`,
    client: as('deep-chain'),
    verify: 'FAILED:unable to get issuer certificate',
    log: sentence('2:unable to get issuer certificate'),
  },
  {
    name: 'optional_no_ca passes a chain on that is cut for its length',
    mode: 'optional_no_ca',
    client: as('deeper-chain'),
    verify: 'FAILED:unable to get local issuer certificate',
  },
  {
    name: 'optional_no_ca does not see the end of a chain that is cut',
    mode: 'optional_no_ca',
    ca: 'ssl_client_certificate other-root.pem;',
    client: as('deeper-chain'),
    verify: 'FAILED:unable to get local issuer certificate',
  },
  {
    name: 'optional_no_ca turns a chain away that is cut behind a trusted certificate',
    mode: 'optional_no_ca',
    ca: `${root} ssl_trusted_certificate inner.pem; ssl_verify_depth 0;`,
    client: as('deep-chain'),
    verify: 'FAILED:unable to get issuer certificate',
    log: sentence('2:unable to get issuer certificate'),
  },
];

describe('ssl_verify_client', () => {
  it.each(cases)('$name', async ({ mode, ca = root, client, verify, log }) => {
    const policy = await policyOf(`${identity} ssl_verify_client ${mode}; ${ca}`);
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { verdict } = await meet(policy, { ...client, maxVersion });
      expect(verdict?.facts.verify).toBe(verify);
      const reply = client === nobody ? 'noCertificate' : 'certificateError';
      expect(verdict?.refusal).toEqual(log === undefined ? undefined : { reply, log });
      expect(verdict?.facts.certificate === undefined).toBe(client === nobody);
    }
  });

  // OpenSSL cannot check the list, and leaves an error behind that Node takes for one of the handshake.
  it('ssl_crl ends the handshake of who does not send the issuer whose list it has', async () => {
    const policy = await policyOf(
      `${identity} ssl_verify_client optional_no_ca; ${root} ssl_crl absent-crl.pem;`,
    );
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { verdict, logged } = await meet(policy, as('stray', maxVersion));
      expect(verdict).toBeUndefined();
      expect(logged?.level).toBe('crit');
      expect(logged?.message).toMatch(/^SSL_do_handshake\(\) failed \(SSL: error:/);
    }
  });

  it('off asks for none', async () => {
    const { verdict } = await meet(await policyOf(), as('client'));
    expect(verdict?.refusal).toBeUndefined();
    expect(verdict?.facts).toMatchObject({ verify: undefined, certificate: undefined });
  });
});

describe('the facts', () => {
  it('are those that openssl prints', async () => {
    const policy = await policyOf(`${identity} ssl_verify_client on; ${root}`);
    const { verdict } = await meet(policy, as('client'));
    expect(verdict?.facts.certificate).toEqual({
      subject: 'CN=client,O=Example\\, Inc.',
      commonName: 'client',
      issuer: 'CN=Root',
      serial: '0BADC0DE',
      fingerprint: 'd64ab8ed11e1035a963976e8e7a7b7100b3a76cb',
      pem: fixture('client.pem').toString(),
    });
  });

  it.each([
    { name: 'rsa', own: { signature: 'RSA-SHA256', key: 'RSA2048' } },
    { name: 'ec', own: { signature: 'ecdsa-with-SHA256', key: 'EC256' } },
  ])('name the algorithms of our own certificate: $own', async ({ name, own }) => {
    const policy = await policyOf(`ssl_certificate ${name}.pem; ssl_certificate_key ${name}.key;`);
    expect((await meet(policy)).verdict?.facts.own).toEqual(own);
  });

  it.each([
    { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2', key: 'RSA2048' },
    { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2', key: 'EC256' },
    { ciphers: 'TLS_AES_128_GCM_SHA256', maxVersion: 'TLSv1.3', key: undefined },
  ] as const)('of two certificates the cipher $ciphers tells $key', async (wanted) => {
    const { key, ...options } = wanted;
    const policy = await policyOf(
      `${identity} ssl_certificate rsa.pem; ssl_certificate_key rsa.key;`,
    );
    expect((await meet(policy, options)).verdict?.facts.own?.key).toBe(key);
  });
});
