/** TLS on a connection: what it is started with, and what is known once the handshake is done. */
import type { X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { CertificateFault } from './certificate-fault.js';

/** How a connection becomes the server's side of TLS. One object serves all connections of a server block. */
export interface TlsServerOptions {
  readonly secureContext: SecureContext;
  /** The one protocol name that is accepted where the client offers any (ALPN, RFC 7301). */
  readonly alpn: string;
  /** Whether the client is asked for a certificate. The handshake succeeds whatever it sends. */
  readonly requestCertificate: boolean;
  /** Another context for the name that the client asks for (SNI); undefined: `secureContext`. Must not throw. */
  readonly contextFor?: (serverName: string) => SecureContext | undefined;
  /** Sessions that are kept on our side and offered to returning clients, by session id; without it tickets only. */
  readonly sessions?: TlsSessionStore;
}

/** Where the server keeps sessions for resumption by id (`ssl_session_cache`). */
export interface TlsSessionStore {
  /**
   * Keeps a session. `id` and `session` are memory of their own. The handshake ends when a promise resolves; it must not
   * reject.
   */
  put(id: Buffer, session: Buffer): Promise<void> | undefined;
  /** The session of this id, or undefined where there is none (any more). A promise must not reject. */
  get(id: Buffer): Buffer | undefined | Promise<Buffer | undefined>;
}

/** How a connection becomes the client's side of TLS, towards a backend or an auth server. */
export interface TlsClientOptions {
  readonly secureContext: SecureContext;
  /** The name sent by SNI; undefined: none is sent. */
  readonly serverName: string | undefined;
  /** The name that the server's certificate must bear; undefined: neither name nor chain is checked. */
  readonly verifyName: string | undefined;
  /**
   * A session to resume, and who is given new ones. A session is resumed without its server's name being checked again:
   * it must be one that `keep` was given for the same `verifyName`.
   */
  readonly resumption?: {
    readonly session: Buffer | undefined;
    readonly keep: (session: Buffer) => void;
  };
}

/** What a finished handshake agreed on. */
export interface TlsState {
  /** For instance `TLSv1.3`. */
  readonly protocol: string;
  /** OpenSSL's name of the cipher. */
  readonly cipher: string;
  /** The name that the client asked for by SNI. */
  readonly serverName: string | undefined;
  /** The protocol name that was agreed on by ALPN. */
  readonly alpn: string | undefined;
  /** Whether the session was resumed. */
  readonly resumed: boolean;
  /** The peer's certificate, where it sent one, or, on the server's side, where the resumed session holds one. */
  readonly peerCertificate: X509Certificate | undefined;
  /** OpenSSL's verdict about it: undefined where it is good. */
  readonly verifyError: CertificateFault | undefined;
}
