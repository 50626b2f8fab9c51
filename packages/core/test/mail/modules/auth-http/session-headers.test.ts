import { describe, expect, it } from 'vitest';
import {
  sessionHeaders,
  type HeaderFacts,
} from '../../../../src/mail/modules/auth-http/session-headers.js';
import type { TlsFacts } from '../../../../src/mail/tls-policy.js';

const plain: HeaderFacts = {
  clientName: undefined,
  proxied: undefined,
  envelope: undefined,
  tls: undefined,
};

const headers = (facts: Partial<HeaderFacts>, passClientCert = false): readonly string[] =>
  sessionHeaders({ ...plain, ...facts }, passClientCert)
    .split('\r\n')
    .slice(0, -1);

const peer = (address: string, port: number) => ({ address, port, family: 'IPv4' }) as const;

const state = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  serverName: undefined,
  alpn: undefined,
  resumed: false,
  peerCertificate: undefined,
  verifyError: undefined,
};

const tls: TlsFacts = { state, verify: undefined, certificate: undefined, own: undefined };

const certificate = {
  subject: 'CN=x,O=y',
  issuer: 'CN=ca',
  serial: '0AFF',
  fingerprint: 'ab01',
  pem: '-----BEGIN CERTIFICATE-----\na+/b%\n',
  commonName: 'x',
};

describe('headers that only some sessions have', () => {
  it('are none for a plain session', () => {
    expect(sessionHeaders(plain, true)).toBe('');
  });

  it('come in the order of nginx', () => {
    const names = headers({
      clientName: 'client.test',
      proxied: { source: peer('192.0.2.1', 1), destination: peer('192.0.2.2', 25) },
      envelope: { helo: Buffer.from('h'), from: Buffer.from('f'), to: Buffer.from('t') },
      tls: { ...tls, verify: 'SUCCESS', certificate },
    }).map((line) => line.split(':')[0]);
    expect(names).toEqual([
      'Client-Host',
      'Proxy-Protocol-Addr',
      'Proxy-Protocol-Port',
      'Proxy-Protocol-Server-Addr',
      'Proxy-Protocol-Server-Port',
      'Auth-SMTP-Helo',
      'Auth-SMTP-From',
      'Auth-SMTP-To',
      'Auth-SSL',
      'Auth-SSL-Protocol',
      'Auth-SSL-Cipher',
      'Auth-SSL-Verify',
      'Auth-SSL-Subject',
      'Auth-SSL-Issuer',
      'Auth-SSL-Serial',
      'Auth-SSL-Fingerprint',
    ]);
  });

  it('have the addresses of a PROXY header as they were written', () => {
    const source = { ...peer('2001:db8::7', 1), written: '2001:DB8:0::7' };
    const proxied = { source, destination: peer('::1', 25) };
    expect(headers({ proxied })).toEqual([
      'Proxy-Protocol-Addr: 2001:DB8:0::7',
      'Proxy-Protocol-Port: 1',
      'Proxy-Protocol-Server-Addr: ::1',
      'Proxy-Protocol-Server-Port: 25',
    ]);
  });

  it('name the client', () => {
    expect(headers({ clientName: '[UNAVAILABLE]' })).toEqual(['Client-Host: [UNAVAILABLE]']);
  });

  it('D6: keep the bytes of an envelope, whatever they are', () => {
    const to = Buffer.from([0x63, 0xc3, 0xa9, 0xff]);
    const text = sessionHeaders(
      { ...plain, envelope: { helo: Buffer.alloc(0), from: Buffer.from('MAIL FROM:<a@b>'), to } },
      false,
    );
    expect(Buffer.from(text, 'latin1')).toEqual(
      Buffer.concat([
        Buffer.from('Auth-SMTP-Helo: \r\nAuth-SMTP-From: MAIL FROM:<a@b>\r\nAuth-SMTP-To: '),
        to,
        Buffer.from('\r\n'),
      ]),
    );
  });

  it('G1: are one line each, whatever the value', () => {
    expect(headers({ clientName: 'a\r\nAuth-Status: OK\0' })).toEqual([
      'Client-Host: a  Auth-Status: OK ',
    ]);
  });

  it('tell of TLS, and of certificates only where clients are asked for them', () => {
    expect(headers({ tls: { ...tls, certificate } })).toEqual([
      'Auth-SSL: on',
      'Auth-SSL-Protocol: TLSv1.3',
      'Auth-SSL-Cipher: TLS_AES_256_GCM_SHA384',
    ]);
  });

  it('say NONE of a client without certificate', () => {
    expect(headers({ tls: { ...tls, verify: 'NONE' } }, true).at(-1)).toBe('Auth-SSL-Verify: NONE');
  });

  it('pass the certificate escaped where that is configured', () => {
    const facts = { tls: { ...tls, verify: 'SUCCESS', certificate } };
    expect(headers(facts).some((line) => line.startsWith('Auth-SSL-Cert'))).toBe(false);
    expect(headers(facts, true).at(-1)).toBe(
      'Auth-SSL-Cert: -----BEGIN%20CERTIFICATE-----%0Aa+/b%25%0A',
    );
  });
});
