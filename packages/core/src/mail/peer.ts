/** The ends of connections, as sessions, hooks and protocols name them. */

/** One end of a connection. The address is text without port; a Unix client is `unix:`. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  readonly family: 'IPv4' | 'IPv6' | 'Unix';
}

/** The addresses that a client's PROXY header named: who it came from, and where it went. */
export interface ProxiedAddresses {
  readonly source: Peer;
  readonly destination: Peer;
}
