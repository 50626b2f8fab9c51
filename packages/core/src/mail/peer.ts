/** The ends of connections, as sessions, hooks and protocols name them. */

/** One end of a connection. The address is text without port; a Unix client is `unix:`. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  readonly family: 'IPv4' | 'IPv6' | 'Unix';
}

/** An end that a PROXY header named. */
export interface ProxiedPeer extends Peer {
  /** The address as it was written, where that is not its normal form. */
  readonly written?: string;
}

/** The addresses that a client's PROXY header named: who it came from, and where it went. */
export interface ProxiedAddresses {
  readonly source: ProxiedPeer;
  readonly destination: ProxiedPeer;
}
