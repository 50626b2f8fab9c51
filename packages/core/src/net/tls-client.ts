/** The client's side of TLS over a connected socket: towards a backend or an auth server. */
import { isIP, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { X509Certificate } from 'node:crypto';
import type { OwnedTlsSocket, TlsSide } from './tls-handshake.js';
import { peerClosed, TlsError, untrustedServer, wrongServerName } from './tls-error.js';
import { faultOf, stateOf } from './tls-state.js';
import type { TlsClientOptions, TlsState } from './tls.js';

/** The certificate is judged by {@link ClientSide}, chain and name. */
const judgedLater = (): undefined => undefined;

/** The client's side for these options, for one handshake. */
export function clientSide(options: TlsClientOptions): TlsSide {
  return new ClientSide(options);
}

class ClientSide implements TlsSide {
  readonly #options: TlsClientOptions;
  #verdict: TlsState | TlsError = peerClosed();

  constructor(options: TlsClientOptions) {
    this.#options = options;
  }

  wrap(socket: Socket): OwnedTlsSocket {
    const { resumption } = this.#options;
    const plain = connect(connectOptions(this.#options, socket));
    const secured: OwnedTlsSocket = Object.assign(plain, { owner: undefined });
    secured.on('secureConnect', () => {
      this.#verdict = verdictOn(secured, this.#options.verifyName);
      secured.owner?.socketSecured();
    });
    if (resumption !== undefined) {
      // Node tells of sessions after 'secureConnect' only.
      secured.on('session', (session) => {
        if (!(this.#verdict instanceof TlsError)) resumption.keep(session);
      });
    }
    return secured;
  }

  judge(): TlsState | TlsError {
    return this.#verdict;
  }
}

/**
 * A resumed session has OpenSSL's verdict of its first handshake but no certificate to compare with the name: that was
 * done before the session was given away.
 */
function verdictOn(socket: TLSSocket, verifyName: string | undefined): TlsState | TlsError {
  const state = stateOf(socket, true);
  if (verifyName === undefined) return state;
  const fault = faultOf(socket);
  if (fault !== undefined) return untrustedServer(fault);
  if (state.resumed) return state;
  const isNamed = state.peerCertificate !== undefined && bears(state.peerCertificate, verifyName);
  return isNamed ? state : wrongServerName(verifyName);
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
