/** The client's side of TLS over a connected socket: towards a backend or an auth server. */
import { isIP, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { X509Certificate } from 'node:crypto';
import type { OwnedSocket } from './owned-socket.js';
import type { OwnedTlsSocket, TlsSide } from './tls-handshake.js';
import { peerClosed, untrustedServer, wrongServerName, type TlsError } from './tls-error.js';
import { certificateFault, stateOf } from './tls-state.js';
import type { TlsClientOptions, TlsState } from './tls.js';

function onSecure(this: OwnedSocket): void {
  this.owner?.socketSecured();
}

/** The certificate is judged by {@link ClientSide.judge}, chain and name, also where a session is resumed. */
const judgedLater = (): undefined => undefined;

/** The client's side for these options. */
export function clientSide(options: TlsClientOptions): TlsSide {
  return new ClientSide(options);
}

class ClientSide implements TlsSide {
  readonly #options: TlsClientOptions;

  constructor(options: TlsClientOptions) {
    this.#options = options;
  }

  wrap(socket: Socket): OwnedTlsSocket {
    const { resumption } = this.#options;
    const secured = Object.assign(connect(connectOptions(this.#options, socket)), {
      owner: undefined,
    });
    if (resumption !== undefined) secured.on('session', resumption.keep);
    secured.on('secureConnect', onSecure);
    return secured;
  }

  judge(socket: TLSSocket): TlsState | TlsError {
    const { verifyName } = this.#options;
    const state = stateOf(socket, true);
    if (verifyName === undefined) return state;
    if (state.peerCertificate === undefined) return peerClosed();
    const fault = certificateFault(socket);
    if (fault !== undefined) return untrustedServer(fault.code, fault.reason);
    return bears(state.peerCertificate, verifyName) ? state : wrongServerName(verifyName);
  }
}

function connectOptions(options: TlsClientOptions, socket: Socket): ConnectionOptions {
  const { serverName, resumption } = options;
  const made = {
    socket,
    secureContext: options.secureContext,
    rejectUnauthorized: false,
    checkServerIdentity: judgedLater,
    // Every write is followed by 'drain' when it has left, and nothing is read ahead of the receiver.
    highWaterMark: 0,
    // An address is no name for SNI (RFC 6066 section 3).
    ...(serverName !== undefined && isIP(serverName) === 0 && { servername: serverName }),
    ...(resumption?.session !== undefined && { session: resumption.session }),
  };
  return made;
}

function bears(certificate: X509Certificate, name: string): boolean {
  const found = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name);
  return found !== undefined;
}
