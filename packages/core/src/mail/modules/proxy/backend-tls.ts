/**
 * TLS to backends: the `proxy_ssl_*` directives of nginx's stream module, which nginx's mail proxy lacks. Certificates
 * of backends are checked unless that is turned off.
 */
import type { SecureContext } from 'node:tls';
import type { TlsClientOptions } from '../../../net/tls.js';
import type { Upstream, UpstreamTls } from '../../outcome.js';
import type { PemSource } from '../ssl/pem-files.js';

/** The values of the `proxy_ssl_*` directives. */
export interface BackendTlsSettings {
  readonly ssl: UpstreamTls;
  readonly sslVerify: boolean;
  readonly sslName: string;
  readonly sslServerName: boolean;
  readonly sslSessionReuse: boolean;
  /** Files of certificates. */
  readonly sslTrustedCertificate: PemSource | undefined;
  readonly sslCertificate: PemSource | undefined;
}

/** Sessions kept for resumption, one a backend. */
const mostSessions = 1024;

/** How the backends of a server are spoken to. */
export class BackendTls {
  readonly #settings: BackendTlsSettings;
  readonly #createContext: () => SecureContext;
  readonly #sessions = new Map<string, Buffer>();
  #context: SecureContext | undefined;

  /**
   * `createContext` reads certificates and throws ConfigError. It is called at once if `proxy_ssl` is not off, or if files
   * are named, which a worker may not read any more; else when an auth service asks for TLS for the first time.
   */
  constructor(settings: BackendTlsSettings, createContext: () => SecureContext) {
    this.#settings = settings;
    this.#createContext = createContext;
    const { ssl, sslTrustedCertificate, sslCertificate } = settings;
    const namesFiles = (sslTrustedCertificate ?? sslCertificate) !== undefined;
    if (ssl !== 'off' || namesFiles) this.#context = createContext();
  }

  /** Whether and how TLS is used: what the auth service said, else `proxy_ssl`. */
  mode({ tls }: Upstream): UpstreamTls {
    return tls ?? this.#settings.ssl;
  }

  /** What a handshake with `upstream` is made with. */
  options({ host, port }: Upstream): TlsClientOptions {
    const { sslVerify, sslName, sslServerName, sslSessionReuse } = this.#settings;
    const name = sslName === '' ? host : sslName;
    const key = `${host} ${String(port)}`;
    this.#context ??= this.#createContext();
    return {
      secureContext: this.#context,
      serverName: sslServerName ? name : undefined,
      verifyName: sslVerify ? name : undefined,
      ...(sslSessionReuse && {
        resumption: {
          session: this.#sessions.get(key),
          keep: (session) => {
            this.#keep(key, session);
          },
        },
      }),
    };
  }

  /** The session of the backend heard of longest ago goes. */
  #keep(key: string, session: Buffer): void {
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    if (this.#sessions.size <= mostSessions) return;
    const [oldest = ''] = this.#sessions.keys();
    this.#sessions.delete(oldest);
  }
}
