/**
 * What a PROXY header of version 2 tells a backend of the client's TLS (proxy-protocol.txt, 2.2): the name asked for,
 * the protocol agreed on, and in a field of their own the version, the cipher and the certificates.
 */
import { encodeTlvs, type Tlv } from '../../../net/proxy-protocol.js';
import type { TlsFacts } from '../../tls-policy.js';

const alpn = 0x01;
const authority = 0x02;
const ssl = 0x20;
const sslVersion = 0x21;
const sslCommonName = 0x22;
const sslCipher = 0x23;
const sslSignature = 0x24;
const sslKey = 0x25;

/** Bits of the first byte of the field {@link ssl}. */
const overTls = 0x01;
const certificateInHandshake = 0x02;
const certificateInSession = 0x04;

/** "Not verified", where the client sent no certificate. */
const notVerified = 1;

/** The fields in nginx's order. What is unknown is left out. */
export function tlsFields(facts: TlsFacts): readonly Tlv[] {
  const { serverName, alpn: protocol } = facts.state;
  return [
    // The runtime gives the bytes of the name as latin1.
    { type: authority, value: Buffer.from(serverName ?? '', 'latin1') },
    { type: alpn, value: Buffer.from(protocol ?? '', 'latin1') },
    { type: ssl, value: Buffer.concat([clientAndVerdict(facts), details(facts)]) },
  ];
}

/** The client byte and the result of the verification, 0 for a good one. */
function clientAndVerdict({ state, certificate }: TlsFacts): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = overTls;
  if (certificate === undefined) {
    bytes.writeUInt32BE(notVerified, 1);
    return bytes;
  }
  bytes[0] |= certificateInSession | (state.resumed ? 0 : certificateInHandshake);
  bytes.writeUInt32BE(state.verifyError?.number ?? 0, 1);
  return bytes;
}

/** The fields inside of {@link ssl}. The algorithms are those of our own certificate. */
function details({ state, certificate, own }: TlsFacts): Buffer {
  const text = (type: number, value = ''): Tlv => ({ type, value: Buffer.from(value) });
  return encodeTlvs([
    text(sslVersion, state.protocol),
    text(sslCommonName, certificate?.commonName),
    text(sslCipher, state.cipher),
    text(sslSignature, own?.signature),
    text(sslKey, own?.key),
  ]);
}
