/**
 * The headers of a request that only some sessions have: the client's name, its PROXY header, the envelope of a sender
 * who does not log in, TLS; in nginx's order. As latin1 text, so that bytes stay bytes.
 */
import type { Envelope } from '../../credentials.js';
import type { ProxiedAddresses } from '../../peer.js';
import type { TlsFacts } from '../../tls-policy.js';

/** What these headers say. */
export interface HeaderFacts {
  readonly clientName: string | undefined;
  readonly proxied: ProxiedAddresses | undefined;
  readonly envelope: Envelope | undefined;
  readonly tls: TlsFacts | undefined;
}

/** The headers with their line ends; empty for most sessions. `passClientCert` adds the certificate in PEM. */
export function sessionHeaders(facts: HeaderFacts, passClientCert: boolean): string {
  const { clientName, proxied, envelope, tls } = facts;
  let headers = '';
  if (clientName !== undefined) headers += line('Client-Host', clientName);
  if (proxied !== undefined) headers += proxiedHeaders(proxied);
  if (envelope !== undefined) headers += envelopeHeaders(envelope);
  if (tls !== undefined) headers += tlsHeaders(tls, passClientCert);
  return headers;
}

function proxiedHeaders({ source, destination }: ProxiedAddresses): string {
  return (
    line('Proxy-Protocol-Addr', source.written ?? source.address) +
    line('Proxy-Protocol-Port', String(source.port)) +
    line('Proxy-Protocol-Server-Addr', destination.written ?? destination.address) +
    line('Proxy-Protocol-Server-Port', String(destination.port))
  );
}

function envelopeHeaders({ helo, from, to }: Envelope): string {
  return (
    line('Auth-SMTP-Helo', latin1(helo)) +
    line('Auth-SMTP-From', latin1(from)) +
    line('Auth-SMTP-To', latin1(to))
  );
}

function tlsHeaders({ state, verify, certificate }: TlsFacts, passClientCert: boolean): string {
  const agreed =
    line('Auth-SSL', 'on') +
    line('Auth-SSL-Protocol', state.protocol) +
    line('Auth-SSL-Cipher', state.cipher);
  if (verify === undefined) return agreed;
  const verified = agreed + line('Auth-SSL-Verify', verify);
  if (certificate === undefined) return verified;
  const { subject, issuer, serial, fingerprint, pem } = certificate;
  return (
    verified +
    unlessEmpty('Auth-SSL-Subject', subject) +
    unlessEmpty('Auth-SSL-Issuer', issuer) +
    unlessEmpty('Auth-SSL-Serial', serial) +
    unlessEmpty('Auth-SSL-Fingerprint', fingerprint) +
    (passClientCert ? line('Auth-SSL-Cert', percentEncoded(pem)) : '')
  );
}

function unlessEmpty(name: string, value: string): string {
  return value === '' ? '' : line(name, value);
}

/** One header. Nothing in `value` can end the line: a control character becomes a space. */
function line(name: string, value: string): string {
  let safe = value;
  for (let at = 0; at < value.length; at += 1) {
    if (value.charCodeAt(at) < 0x20) safe = `${safe.slice(0, at)} ${safe.slice(at + 1)}`;
  }
  return `${name}: ${safe}\r\n`;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** nginx's escaping: controls, space and `%`. */
function percentEncoded(text: string): string {
  let encoded = '';
  for (const character of text) {
    const code = character.charCodeAt(0);
    const isEscaped = code <= 0x20 || character === '%';
    encoded += isEscaped ? `%${code.toString(16).toUpperCase().padStart(2, '0')}` : character;
  }
  return encoded;
}
