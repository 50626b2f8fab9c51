import { describe, expect, it } from 'vitest';
import type { Peer } from '../../../../src/mail/peer.js';
import type { CertificateFacts, TlsFacts } from '../../../../src/mail/tls-policy.js';
import { proxyHeader } from '../../../../src/mail/modules/proxy/proxy-header.js';
import { certificateFault } from '../../../../src/net/certificate-fault.js';
import { crc32c } from '../../../../src/net/crc32c.js';
import { decodeProxyHeader } from '../../../../src/net/proxy-protocol.js';
import type { TlsState } from '../../../../src/net/tls.js';
import { sessionFor } from '../auth-http/fixtures.js';

const v4 = (address: string, port: number): Peer => ({ address, port, family: 'IPv4' });
const unix: Peer = { address: 'unix:', port: 0, family: 'Unix' };
const client = v4('192.0.2.7', 1234);
const local = v4('198.51.100.1', 993);
const there = { client, local };

interface Ends {
  readonly client: Peer;
  readonly local: Peer;
}

function header(version: 'on' | 'v2', ends: Ends, tls?: TlsFacts): Buffer {
  const { session } = sessionFor();
  return Buffer.from(proxyHeader({ ...session, ...ends, tls }, version));
}

interface Tlv {
  readonly type: number;
  readonly value: Buffer;
}

function readTlvs(bytes: Buffer): readonly Tlv[] {
  const tlvs: Tlv[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 3 + bytes.readUInt16BE(at + 1);
    tlvs.push({ type: bytes.readUInt8(at), value: bytes.subarray(at + 3, end) });
    at = end;
  }
  return tlvs;
}

const state: TlsState = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  serverName: 'mail.example.org',
  alpn: 'imap',
  resumed: false,
  peerCertificate: undefined,
  verifyError: undefined,
};

const certificate: CertificateFacts = {
  subject: 'CN=alice,O=y',
  issuer: 'CN=ca',
  serial: '01',
  fingerprint: '00',
  pem: '',
  commonName: 'alice',
};

const facts = (more: Partial<TlsFacts> = {}, ofState: Partial<TlsState> = {}): TlsFacts => ({
  state: { ...state, ...ofState },
  verify: undefined,
  certificate: undefined,
  own: { signature: 'RSA-SHA256', key: 'RSA2048' },
  ...more,
});

/** The fields behind the IPv4 addresses, without the checksum. */
function fieldsOf(tls: TlsFacts): readonly Tlv[] {
  const bytes = header('v2', there, tls);
  const tlvs = readTlvs(bytes.subarray(28));
  expect(tlvs.at(-1)?.type).toBe(0x03);
  return tlvs.slice(0, -1);
}

/** The field about TLS: its first five bytes in hexadecimal, and what is inside of it. */
function sslOf(tls: TlsFacts) {
  const field = fieldsOf(tls).find(({ type }) => type === 0x20);
  if (field === undefined) expect.unreachable();
  const inside = readTlvs(field.value.subarray(5));
  return {
    head: field.value.toString('hex', 0, 5),
    inside: inside.map(({ type, value }) => [type, value.toString()]),
  };
}

describe('version 1', () => {
  it.each([
    { ends: there, text: 'PROXY TCP4 192.0.2.7 198.51.100.1 1234 993\r\n' },
    { ends: { client: unix, local: unix }, text: 'PROXY UNKNOWN\r\n' },
    { ends: { client, local: unix }, text: 'PROXY UNKNOWN\r\n' },
  ])('says $text', ({ ends, text }) => {
    expect(header('on', ends).toString()).toBe(text);
    expect(header('on', ends, facts()).toString()).toBe(text);
  });
});

describe('version 2', () => {
  it('has a checksum and nothing else for a client in clear text', () => {
    expect(header('v2', there).toString('hex', 12, 31)).toBe(
      '21110013c0000207c633640104d203e1030004',
    );
  });

  it('is LOCAL for a UNIX client', () => {
    expect(header('v2', { client: unix, local: unix }).toString('hex', 12, 16)).toBe('20000007');
  });

  it('has the fields of TLS in order: name, protocol, TLS', () => {
    expect(fieldsOf(facts()).map(({ type }) => type)).toEqual([0x02, 0x01, 0x20]);
    const [name, protocol] = fieldsOf(facts()).map(({ value }) => value.toString());
    expect([name, protocol]).toEqual(['mail.example.org', 'imap']);
  });

  it('has no name and no protocol where the client sent none', () => {
    const tls = facts({}, { serverName: undefined, alpn: undefined });
    expect(fieldsOf(tls).map(({ type }) => type)).toEqual([0x20]);
  });

  it("has version, cipher and our own certificate's algorithms", () => {
    expect(sslOf(facts()).inside).toEqual([
      [0x21, 'TLSv1.3'],
      [0x23, 'TLS_AES_256_GCM_SHA384'],
      [0x24, 'RSA-SHA256'],
      [0x25, 'RSA2048'],
    ]);
  });

  it("has the common name of the client's certificate behind the version", () => {
    const { inside } = sslOf(facts({ certificate }));
    expect(inside.slice(0, 3)).toEqual([
      [0x21, 'TLSv1.3'],
      [0x22, 'alice'],
      [0x23, 'TLS_AES_256_GCM_SHA384'],
    ]);
  });

  it.each([
    { name: 'no certificate', tls: facts(), head: '0100000001' },
    { name: 'a good certificate', tls: facts({ certificate }), head: '0700000000' },
    {
      name: 'a certificate of a resumed session',
      tls: facts({ certificate }, { resumed: true }),
      head: '0500000000',
    },
    {
      name: 'an expired certificate',
      tls: facts(
        { certificate },
        { verifyError: certificateFault('CERT_HAS_EXPIRED', 'certificate has expired') },
      ),
      head: '070000000a',
    },
    {
      name: 'a certificate signed by itself',
      tls: facts(
        { certificate },
        { verifyError: certificateFault('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate') },
      ),
      head: '0700000012',
    },
    {
      name: 'a certificate with a fault of another kind',
      tls: facts(
        { certificate },
        { verifyError: certificateFault('UNSPECIFIED', 'something new') },
      ),
      head: '0700000001',
    },
  ])('says what is known of $name', ({ tls, head }) => {
    expect(sslOf(tls).head).toBe(head);
  });

  it.each([
    { name: 'no common name', certificate: { ...certificate, commonName: undefined } },
    { name: 'an empty common name', certificate: { ...certificate, commonName: '' } },
    {
      name: 'a common name of 1025 bytes',
      certificate: { ...certificate, commonName: 'x'.repeat(1025) },
    },
  ])('leaves $name out', ({ certificate: odd }) => {
    const { inside, head } = sslOf(facts({ certificate: odd }));
    expect(inside.map(([type]) => type)).toEqual([0x21, 0x23, 0x24, 0x25]);
    expect(head).toBe('0700000000');
  });

  it('knows nothing of our certificate where the session does not', () => {
    expect(sslOf(facts({ own: undefined })).inside.map(([type]) => type)).toEqual([0x21, 0x23]);
  });

  it('K7: keeps line ends of a name inside its field', () => {
    const odd = { ...certificate, commonName: 'a\r\nX: y\u00e9' };
    const { inside } = sslOf(facts({ certificate: odd }));
    expect(inside[1]).toEqual([0x22, 'a\r\nX: y\u00e9']);
  });

  it('has a length and a checksum over all of it, and is read again', () => {
    const bytes = header('v2', there, facts({ certificate }));
    expect(bytes.readUInt16BE(14)).toBe(bytes.length - 16);
    const sum = bytes.readUInt32BE(bytes.length - 4);
    expect(crc32c(Buffer.from(bytes).fill(0, bytes.length - 4))).toBe(sum);
    const read = decodeProxyHeader(bytes);
    expect(read).toMatchObject({ kind: 'done', length: bytes.length, source: client });
  });

  it('tells of TLS over a Unix socket too, without addresses', () => {
    const bytes = header('v2', { client: unix, local: unix }, facts());
    expect(bytes.toString('hex', 12, 14)).toBe('2000');
    expect(readTlvs(bytes.subarray(16)).map(({ type }) => type)).toEqual([2, 1, 0x20, 3]);
  });
});
