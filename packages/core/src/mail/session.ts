/** One client connection, from accept to close, as modules see it. */
import type { AnyModule, ConfOf, StateOf } from '../module/module.js';
import type { Credentials } from './credentials.js';
import type { Security } from './protocol.js';
import type { SessionLog } from './session-log.js';

/** The two ends of a client's connection. Addresses are text without port; a Unix client is `unix:`. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  readonly family: 'IPv4' | 'IPv6' | 'Unix';
}

/** A session. */
export interface Session {
  /** The connection number of the log (`*16`). */
  readonly id: number;
  /** `imap`, `pop3`, `smtp`. */
  readonly protocol: string;
  readonly serverName: string;
  /** The client, after realip. */
  readonly client: Peer;
  /** Our end of the client's connection. */
  readonly local: Peer;
  readonly security: Security;
  /** Credential submissions so far; the value of `Auth-Login-Attempt`. */
  readonly loginAttempts: number;
  /** The login as printable text; empty before credentials were submitted. */
  readonly login: string;
  /** The credentials of the attempt that is under way. */
  readonly credentials: Credentials;
  /** True once the client has gone or the session was closed. */
  readonly closed: boolean;
  /** Aborted when the client leaves or the attempt ends; a tap that waits for something should listen. */
  readonly signal: AbortSignal;
  readonly log: SessionLog;
  /** Configuration of `module` for the server this session belongs to. */
  conf<M extends AnyModule>(module: M): ConfOf<M>;
  /** This session's own state of `module`. */
  state<M extends AnyModule>(module: M): StateOf<M>;
}
