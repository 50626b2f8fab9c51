/**
 * From accept to greeting: the PROXY header, realip, modules that may turn the client away, TLS, the client's name. What
 * the client sends meanwhile is kept for the driver. A session that needs none of it goes to the driver at once.
 */
import { isTapped } from '../cycle/hooks.js';
import type { Connection, Receiver } from '../net/connection.js';
import { linger } from '../net/linger.js';
import { brokenHeader, decodeProxyHeader, type ProxyHeader } from '../net/proxy-protocol.js';
import type { Expiring } from '../net/sweep.js';
import { logBrokenClient } from './broken-peer.js';
import { timedOut } from './errors.js';
import { handshake } from './handshake.js';
import type { MailSession } from './mail-session.js';
import type { NamedServers } from './named-servers.js';
import type { MailServer } from './server.js';
import type { CloseReason, MailHooks } from './phases.js';
import type { MailRuntime } from './runtime.js';

/** Milliseconds for a whole PROXY header; a balancer sends it at once. `timeout` may be shorter. */
const headerMs = 5000;

/** Bytes a client may send before it is greeted; beyond it is not read. */
const aheadLimit = 64 * 1024;

/** The client's name where nobody looks it up. */
const unknownName = '[UNAVAILABLE]';

const nothing = Buffer.alloc(0);

/** What the address that a client came to asks for. */
export interface ArrivalOptions {
  readonly ssl: boolean;
  readonly proxyProtocol: boolean;
  /** Among whom the client's SNI chooses. */
  readonly named: NamedServers | undefined;
}

/** Takes a new session to its greeting. */
export function arrive(session: MailSession, options: ArrivalOptions, runtime: MailRuntime): void {
  const { protocol } = session.server;
  if (protocol.namesClient) session.clientName = unknownName;
  if (options.ssl || options.proxyProtocol || isAwaited(session.server, runtime.hooks)) {
    new Arrival(session, options, runtime).start();
  } else protocol.serve(session, runtime);
}

/** Whether a module wants to be asked before the greeting; most builds greet at once. */
function isAwaited({ protocol, namer }: MailServer, { accept, greet }: MailHooks): boolean {
  return isTapped(accept) || isTapped(greet) || (protocol.namesClient && namer !== undefined);
}

class Arrival implements Receiver, Expiring {
  expiresAt = 0;
  readonly #session: MailSession;
  readonly #connection: Connection;
  readonly #options: ArrivalOptions;
  readonly #runtime: MailRuntime;
  #phase: 'header' | 'modules' | 'handshake' | 'over' = 'modules';
  #held: Buffer = nothing;

  constructor(session: MailSession, options: ArrivalOptions, runtime: MailRuntime) {
    this.#session = session;
    this.#connection = session.connection;
    this.#options = options;
    this.#runtime = runtime;
  }

  start(): void {
    this.#connection.receiver = this;
    this.#runtime.sessions.add(this.#session);
    if (!this.#options.proxyProtocol) {
      void this.#goOn();
      return;
    }
    this.#phase = 'header';
    this.#session.log.action = 'reading PROXY protocol';
    this.#watch(Math.min(headerMs, this.#session.server.timeoutMs));
  }

  received(bytes: Buffer): void {
    this.#held = Buffer.concat([this.#held, bytes]);
    if (this.#phase === 'header') this.#readHeader();
    else if (this.#held.length > aheadLimit) this.#connection.stop();
  }

  ended(): void {
    if (this.#phase === 'header') this.#refuseHeader(brokenHeader(this.#held));
    // Who has sent its whole session ahead is still served.
    else if (this.#phase !== 'handshake' && this.#held.length === 0) this.#close('client');
  }

  closed({ tls }: Connection, error: NodeJS.ErrnoException | undefined): void {
    if (this.#phase === 'over' || this.#phase === 'handshake') return;
    if (error !== undefined) logBrokenClient(error, this.#session.log, tls !== undefined);
    this.#finish('client');
  }

  /** A handshake that takes too long ends without a line in the log, as in nginx. */
  expired(): void {
    if (this.#phase !== 'handshake') this.#session.log.info('client timed out', timedOut);
    this.#finish('timeout');
    this.#connection.destroy();
  }

  #readHeader(): void {
    const header = decodeProxyHeader(this.#held);
    if (header.kind === 'incomplete') return;
    if (header.kind === 'invalid') {
      this.#refuseHeader(header.reason);
      return;
    }
    this.#held = this.#held.subarray(header.length);
    this.#phase = 'modules';
    this.#session.log.action = '';
    try {
      this.#name(header);
    } catch (error) {
      this.#fault(error);
      return;
    }
    void this.#goOn();
  }

  /** Keeps what the header says; a module may trust it. */
  #name({ source, destination }: Extract<ProxyHeader, { kind: 'done' }>): void {
    if (source === undefined || destination === undefined) return;
    const proxied = { source, destination };
    this.#session.proxied = proxied;
    const { realip } = this.#runtime.hooks;
    const client = isTapped(realip) ? realip.call(this.#session, proxied) : undefined;
    if (client !== undefined) this.#session.client = client;
  }

  /** Everything behind the PROXY header. Modules have deadlines of their own. */
  async #goOn(): Promise<void> {
    const session = this.#session;
    const { hooks, sweep } = this.#runtime;
    sweep.delete(this);
    try {
      if (isTapped(hooks.accept) && !(await this.#isAdmitted())) return;
      if (this.#options.ssl && !(await this.#secure())) return;
      sweep.delete(this);
      const { namer, protocol } = session.server;
      if (protocol.namesClient && namer !== undefined) {
        session.clientName = await namer(session);
        if (this.#isOver()) return;
      }
      if (isTapped(hooks.greet)) {
        await hooks.greet.promise(session);
        if (this.#isOver()) return;
      }
    } catch (error) {
      this.#fault(error);
      return;
    }
    this.#handOver();
  }

  async #isAdmitted(): Promise<boolean> {
    const denial = await this.#runtime.hooks.accept.promise(this.#session);
    if (this.#isOver()) return false;
    if (denial === undefined) return true;
    this.#session.log.info(`client was denied: ${denial.reason}`);
    this.#close('refused');
    return false;
  }

  async #secure(): Promise<boolean> {
    const session = this.#session;
    this.#phase = 'handshake';
    session.log.action = 'SSL handshaking';
    this.#watch(session.server.timeoutMs);
    const ahead = this.#held;
    this.#held = nothing;
    const isSecured = await handshake(session, { ahead, named: this.#options.named });
    if (this.#isOver()) return false;
    this.#phase = 'modules';
    if (!isSecured) this.#close('refused');
    return isSecured;
  }

  #handOver(): void {
    this.#phase = 'over';
    this.#runtime.sweep.delete(this);
    this.#session.server.protocol.serve(this.#session, this.#runtime, this.#held);
    this.#connection.start();
  }

  /** Asked after a wait, in which anything may have happened. */
  #isOver(): boolean {
    return this.#phase === 'over';
  }

  #refuseHeader(reason: string | undefined): void {
    if (reason !== undefined) this.#session.log.error(reason);
    this.#finish('refused');
    this.#connection.destroy();
  }

  #fault(error: unknown): void {
    if (this.#phase === 'over') return;
    const session = this.#session;
    session.log.fault(error);
    // Who waits for TLS is told nothing in clear text.
    const isClear = !this.#options.ssl || session.tls !== undefined;
    if (isClear) this.#connection.send(session.server.protocol.replies.internalError);
    this.#close('error');
  }

  #close(reason: CloseReason): void {
    this.#finish(reason);
    linger(this.#connection, this.#runtime.sweep);
  }

  #finish(reason: CloseReason): void {
    this.#phase = 'over';
    this.#runtime.sweep.delete(this);
    this.#runtime.sessions.delete(this.#session);
    this.#session.finish(reason, this.#runtime.hooks);
  }

  #watch(ms: number): void {
    this.#runtime.sweep.add(this, ms);
  }
}
