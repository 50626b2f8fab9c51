/** Reads from a socket what its handshake agreed on. */
import type { TLSSocket } from 'node:tls';
import { certificateFault, type CertificateFault } from './certificate-fault.js';
import type { TlsState } from './tls.js';

/** What the handshake of `socket` agreed on; `withCertificate`: whether the peer was to send one. */
export function stateOf(socket: TLSSocket, withCertificate: boolean): TlsState {
  const peerCertificate = withCertificate ? socket.getPeerX509Certificate() : undefined;
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().name,
    serverName: nameOf(socket, 'servername'),
    alpn: nameOf(socket, 'alpnProtocol'),
    resumed: socket.isSessionReused(),
    peerCertificate,
    verifyError: peerCertificate === undefined ? undefined : faultOf(socket),
  };
}

/** Node says null or false where there is no name. */
function nameOf(socket: TLSSocket, key: 'servername' | 'alpnProtocol'): string | undefined {
  const name: unknown = Reflect.get(socket, key);
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/**
 * The verdict about a certificate that the peer has sent; undefined where it is good. Node tells it in public only for
 * sockets that it made itself, so it is asked of the socket's `ssl`.
 */
export function faultOf(socket: TLSSocket): CertificateFault | undefined {
  const ssl: unknown = Reflect.get(socket, 'ssl');
  if (typeof ssl !== 'object' || ssl === null || !('verifyError' in ssl)) return undefined;
  if (typeof ssl.verifyError !== 'function') return undefined;
  const fault: unknown = Reflect.apply(ssl.verifyError, ssl, []);
  if (!(fault instanceof Error)) return undefined;
  const code = 'code' in fault && typeof fault.code === 'string' ? fault.code : 'UNSPECIFIED';
  return certificateFault(code, withoutAdvice(fault.message));
}

/** Node 24 and later add what to try on a command line, behind a semicolon that no text of OpenSSL has. */
function withoutAdvice(message: string): string {
  return message.split(';', 1)[0] ?? message;
}
