/**
 * Several servers on one address, told apart by the name that a client asks for in its TLS handshake (SNI, RFC 6066).
 * nginx's mail proxy has one server per address; its http module chooses like this.
 */
import type { TlsServerOptions } from '../net/tls.js';
import type { MailServer } from './server.js';

/** The servers that share an address. The first one serves clients that ask for no name, or for one nobody bears. */
export interface NamedServers {
  /** What the handshakes of the address are made with. */
  readonly options: TlsServerOptions;
  /** The server that bears `name`. */
  find(name: string | undefined): MailServer | undefined;
}

/**
 * Joins servers with TLS. Every name is unique.
 *
 * Sessions are not resumed here: one of TLS 1.2 does not tell the name that its client asks for, and one of TLS 1.3 would
 * carry the trust in a client's certificate from the server that checked it to another.
 */
export function nameServers(servers: readonly MailServer[]): NamedServers | undefined {
  const options = servers[0]?.tls?.withoutResumption();
  if (options === undefined) return undefined;
  const byName = new Map(servers.map((server) => [server.serverName.toLowerCase(), server]));
  const find = (name: string | undefined): MailServer | undefined =>
    name === undefined ? undefined : byName.get(name.toLowerCase());
  return {
    options: {
      ...options,
      // Who is asked and sends one is judged by the server that the client asked for.
      requestCertificate: servers.some(({ tls }) => tls?.server.requestCertificate === true),
      contextFor: (name) => find(name)?.tls?.server.secureContext,
    },
    find,
  };
}
