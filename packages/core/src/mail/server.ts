/** One `server {}` of a running cycle: its protocol, its merged configuration per module, its log. */
import type { SourceRef } from '../config/directive.js';
import { found } from '../cycle/cycle.js';
import type { Logger } from '../log/logger.js';
import type { AnyModule, ConfOf } from '../module/module.js';
import type { ClientNamer } from './phases.js';
import type { BoundProtocol } from './protocol-registry.js';
import type { TlsPolicy } from './tls-policy.js';

/** A server as modules see it. */
export interface ServerView {
  readonly serverName: string;
  /** The merged configuration of `module` for this server. */
  conf<M extends AnyModule>(module: M): ConfOf<M>;
}

/** What a {@link MailServer} is made of. */
export interface MailServerParts {
  /** Position of the `server {` line. */
  readonly at: SourceRef;
  readonly protocol: BoundProtocol;
  readonly serverName: string;
  /** Absolute time from greeting to credentials, and for the login at the backend; ms. */
  readonly timeoutMs: number;
  /** Invalid commands after which the session is closed. */
  readonly maxErrors: number;
  readonly authzid: 'refuse' | 'ignore';
  /** Opens the log, when something is first logged. */
  readonly openLog: () => Logger;
  readonly confs: ReadonlyMap<AnyModule, object>;
}

/** One server. */
export class MailServer implements ServerView {
  readonly at: SourceRef;
  readonly protocol: BoundProtocol;
  readonly serverName: string;
  readonly timeoutMs: number;
  readonly maxErrors: number;
  readonly authzid: 'refuse' | 'ignore';
  /** TLS of this server's sessions: the answer of the `secure` hook. */
  tls: TlsPolicy | undefined = undefined;
  /** Who names this server's clients: the answer of the `identify` hook. */
  namer: ClientNamer | undefined = undefined;
  readonly #confs: ReadonlyMap<AnyModule, object>;
  readonly #openLog: () => Logger;
  #log: Logger | undefined;

  constructor(parts: MailServerParts) {
    this.at = parts.at;
    this.protocol = parts.protocol;
    this.serverName = parts.serverName;
    this.timeoutMs = parts.timeoutMs;
    this.maxErrors = parts.maxErrors;
    this.authzid = parts.authzid;
    this.#openLog = parts.openLog;
    this.#confs = parts.confs;
  }

  /** The log of this server. Opening it throws ConfigError; a process does so before it serves. */
  get log(): Logger {
    this.#log ??= this.#openLog();
    return this.#log;
  }

  /** The configuration of `module` in this server. Throws `POSTERN_MODULE_NOT_LOADED`. */
  readonly conf = <M extends AnyModule>(module: M): ConfOf<M> =>
    found(this.#confs, module) as ConfOf<M>;
}
