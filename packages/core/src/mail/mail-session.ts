/** The session that the driver works on; modules see it as {@link Session}. */
import type { LogFields } from '../log/logger.js';
import { printable } from '../log/printable.js';
import type { AnyModule, ConfOf, StateOf } from '../module/module.js';
import { isTapped } from '../cycle/hooks.js';
import type { Connection } from '../net/connection.js';
import { Credentials, type SubmittedCredentials } from './credentials.js';
import { loginIsOver } from './errors.js';
import type { CloseReason, MailHooks } from './phases.js';
import type { Security } from './protocol.js';
import { SessionLog, type LogFacts } from './session-log.js';
import type { Peer, ProxiedAddresses } from './peer.js';
import type { BackendConversation, Session } from './session.js';
import type { TlsFacts } from './tls-policy.js';
import type { MailServer } from './server.js';

/** Who can start the backend's login of a session: its client's conversation. */
export interface Conversable {
  converse(options: { readonly startTls: boolean }): BackendConversation;
}

/** Longest login shown in a log line, in bytes. */
const shownLoginBytes = 256;

function peerOf({ address, port }: { readonly address: string; readonly port: number }): Peer {
  if (address === '') return { address: 'unix:', port: 0, family: 'Unix' };
  return { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
}

function newState(module: AnyModule): object {
  return (module.session?.() as object | undefined) ?? {};
}

const securityOf = { off: 'none', on: 'offered', only: 'required' } as const;

/** One client connection. */
export class MailSession implements Session, LogFacts {
  readonly id: number;
  server: MailServer;
  readonly connection: Connection;
  /** Replaced where a trusted PROXY header names another. */
  client: Peer;
  proxied: ProxiedAddresses | undefined = undefined;
  tls: TlsFacts | undefined = undefined;
  clientName: string | undefined = undefined;
  readonly listen: string;
  readonly credentials = new Credentials();
  readonly log: SessionLog;
  security: Security;
  /** Whether TLS began by a command; shown in log lines. */
  usingStartTls = false;
  loginAttempts = 0;
  login = '';
  closed = false;
  /** The client's side, until the session is relayed. */
  conversation: Conversable | undefined;
  #upstream = '';
  #waiting: (() => void)[] | undefined;
  #abort: AbortController | undefined;
  #states: Map<AnyModule, object> | undefined;

  constructor(id: number, server: MailServer, connection: Connection, listen: string) {
    this.id = id;
    this.server = server;
    this.connection = connection;
    this.client = peerOf(connection.remoteAddress);
    this.listen = listen;
    this.security = securityOf[server.tls?.startTls ?? 'off'];
    this.log = new SessionLog(server.log, this);
  }

  /** Goes on as a session of `server`, which the client asked for by name. */
  moveTo(server: MailServer): void {
    this.server = server;
    this.log.use(server.log);
  }

  get protocol(): string {
    return this.server.protocol.name;
  }

  get needsSecret(): boolean {
    return this.server.protocol.needsSecret;
  }

  get serverName(): string {
    return this.server.serverName;
  }

  get timeoutMs(): number {
    return this.server.timeoutMs;
  }

  get local(): Peer {
    return peerOf(this.connection.localAddress);
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      if (this.closed) abort.abort();
      else {
        this.onAbandon(() => {
          abort.abort();
        });
      }
    }
    return this.#abort.signal;
  }

  onAbandon(callback: () => void): void {
    if (this.#waiting === undefined) this.#waiting = [callback];
    else this.#waiting.push(callback);
  }

  offAbandon(callback: () => void): void {
    const at = this.#waiting?.indexOf(callback) ?? -1;
    if (at >= 0) this.#waiting?.splice(at, 1);
  }

  /** Begins a login attempt; what earlier attempts still wait for is aborted. */
  submit(submitted: SubmittedCredentials): void {
    this.abandonAttempt();
    this.loginAttempts += 1;
    this.credentials.submit(submitted);
    this.nameLogin(submitted.login);
  }

  /** Sets the login that log lines show. */
  nameLogin(login: Uint8Array): void {
    this.login = printable(login, shownLoginBytes);
  }

  nameUpstream(name: string): void {
    this.#upstream = name;
  }

  /** Ends the attempt that is under way: its waits are aborted, its credentials forgotten. */
  abandonAttempt(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.credentials.reset();
    waiting?.forEach((callback) => {
      callback();
    });
    this.#abort = undefined;
  }

  /** Tells modules that the relay starts. A module that fails is logged and nothing else. */
  tellRelay(hooks: MailHooks): void {
    if (!isTapped(hooks.relay)) return;
    try {
      hooks.relay.call(this);
    } catch (error) {
      this.log.fault(error);
    }
  }

  /** The session is over: tells modules, and lets go of all it held. */
  finish(reason: CloseReason, hooks: MailHooks): void {
    this.closed = true;
    this.abandonAttempt();
    this.conversation = undefined;
    if (isTapped(hooks.close)) {
      try {
        hooks.close.call(this, reason);
      } catch (error) {
        this.log.fault(error);
      }
    }
    this.#states = undefined;
  }

  converse(options = { startTls: false }): BackendConversation {
    if (this.conversation === undefined) throw loginIsOver();
    return this.conversation.converse(options);
  }

  conf<M extends AnyModule>(module: M): ConfOf<M> {
    return this.server.conf(module);
  }

  state<M extends AnyModule>(module: M): StateOf<M> {
    this.#states ??= new Map();
    let state = this.#states.get(module);
    if (state === undefined) {
      state = newState(module);
      this.#states.set(module, state);
    }
    return state as StateOf<M>;
  }

  describe(): string {
    const secured = this.usingStartTls ? ' using starttls' : '';
    const login = this.login === '' ? '' : `, login: "${this.login}"`;
    const upstream = this.#upstream === '' ? '' : `, upstream: ${this.#upstream}`;
    return `, client: ${this.client.address}${secured}, server: ${this.listen}${login}${upstream}`;
  }

  describeFields(): LogFields {
    return {
      protocol: this.protocol,
      client: this.client.address,
      server: this.listen,
      starttls: this.usingStartTls || undefined,
      tls: this.tls?.state.protocol,
      login: this.login,
      upstream: this.#upstream,
    };
  }
}
