/** One client connection, from accept to close, as modules see it. */
import type { AnyModule, ConfOf, StateOf } from '../module/module.js';
import type { Credentials } from './credentials.js';
import type { Peer, ProxiedAddresses } from './peer.js';
import type { Security } from './protocol.js';
import type { SessionLog } from './session-log.js';
import type { TlsFacts } from './tls-policy.js';

/** What is to be done about the backend's last reply; {@link UpstreamStep} without the dialog's state. */
export type BackendStep =
  | { readonly do: 'send'; readonly bytes: Uint8Array; readonly while: string }
  | { readonly do: 'wait' }
  | { readonly do: 'relay'; readonly reply: Uint8Array }
  | { readonly do: 'fail'; readonly text: Uint8Array; readonly reply?: Uint8Array }
  | { readonly do: 'startTls' }
  | { readonly do: 'abort'; readonly message: string; readonly while?: string };

/** The login of this session at its backend, in the session's protocol; a `connect` tap plays it on a socket. */
export interface BackendConversation {
  /** Length of the first complete reply in `buffer`, or 0 while it is incomplete. */
  replyLength(buffer: Uint8Array): number;
  /** Takes one complete reply; the first is the greeting. */
  step(reply: Uint8Array): BackendStep;
  /** TLS was started after a `startTls` step: how to go on. */
  secured(): BackendStep;
  /** How far the login has come, in printable names. */
  progress(): string;
}

/** A session. */
export interface Session {
  /** The connection number of the log (`*16`). */
  readonly id: number;
  /** `imap`, `pop3`, `smtp`. */
  readonly protocol: string;
  /** Whether a login at the backend needs a password (`Auth-Pass`). */
  readonly needsSecret: boolean;
  readonly serverName: string;
  /** `timeout` of its server, in ms; also what a tap may take that does not bound itself. */
  readonly timeoutMs: number;
  /** The client, after realip. */
  readonly client: Peer;
  /** Our end of the client's connection, asked of the kernel. */
  readonly local: Peer;
  /** The address of the listener in normal form, for instance `0.0.0.0:143`. */
  readonly listen: string;
  /** What the client's PROXY header said, trusted or not. */
  readonly proxied: ProxiedAddresses | undefined;
  readonly security: Security;
  /** Of a session inside TLS. */
  readonly tls: TlsFacts | undefined;
  /** The client's verified host name, `[UNAVAILABLE]` or `[TEMPUNAVAIL]`; undefined where it is not looked up. */
  readonly clientName: string | undefined;
  /** Credential submissions so far; the value of `Auth-Login-Attempt`. */
  readonly loginAttempts: number;
  /** The login as printable text; empty before credentials were submitted. */
  readonly login: string;
  /** The credentials of the attempt that is under way. */
  readonly credentials: Credentials;
  /** True once the client has gone or the session was closed. */
  readonly closed: boolean;
  /**
   * Aborted when the client leaves or the login attempt ends otherwise: for `fetch` and its like. A tap that waits for
   * something stops waiting then.
   */
  readonly signal: AbortSignal;
  /** The same at a fraction of the cost: `callback` is called once, unless `offAbandon` took it out before. */
  onAbandon(callback: () => void): void;
  offAbandon(callback: () => void): void;
  readonly log: SessionLog;
  /** Starts the backend's login for the credentials of this attempt, with TLS by command first where asked for. */
  converse(options?: { readonly startTls: boolean }): BackendConversation;
  /** Names the login in log lines from here on. */
  nameLogin(login: Uint8Array): void;
  /** Names the backend in log lines from here on. */
  nameUpstream(name: string): void;
  /** Configuration of `module` for the server this session belongs to. */
  conf<M extends AnyModule>(module: M): ConfOf<M>;
  /** This session's own state of `module`. */
  state<M extends AnyModule>(module: M): StateOf<M>;
}
