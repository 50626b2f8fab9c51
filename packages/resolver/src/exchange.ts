/** One query sent to one server over one socket, and whatever comes back. */
import type { SocketAddress } from '@postern/core';

/** A query on its way. */
export interface Exchange {
  readonly server: SocketAddress;
  /** Closes the socket. Nothing is told any more. May be called again. */
  close(): void;
}

/** Who sent the query. */
export interface Asker {
  /** A message came; it need not be an answer to the query. */
  received(exchange: Exchange, bytes: Uint8Array): void;
  /** Nothing will come any more, and `what` says why. The exchange is closed. Never called from its constructor. */
  failed(exchange: Exchange, what: string, error: NodeJS.ErrnoException | undefined): void;
}
