/**
 * The login at a backend: connect, send the PROXY header where asked for, start TLS where asked for, then play the
 * protocol's upstream dialog in strict lock-step. One deadline bounds it all. A reply is complete when the dialog says so; bytes behind a
 * reply that has still to be answered are a fault of the backend (a reply to a question not yet asked).
 */
import { printable } from '../../../log/printable.js';
import { Connection, type Receiver } from '../../../net/connection.js';
import type { OwnAddresses } from '../../../net/own-addresses.js';
import type { ConnectionSlots } from '../../../net/slots.js';
import type { TlsClientOptions } from '../../../net/tls.js';
import { levelOfBackend, logBroken } from '../../broken-peer.js';
import { timedOut } from '../../errors.js';
import type { BackendLogin, Upstream, UpstreamTls } from '../../outcome.js';
import type { BackendConversation, BackendStep, Session } from '../../session.js';
import type { BackendTls } from './backend-tls.js';
import { proxyHeader } from './proxy-header.js';

/** What a backend login is done with. */
export interface BackendLoginOptions {
  readonly conf: {
    readonly bufferBytes: number;
    readonly timeoutMs: number;
    readonly passErrorMessage: boolean;
    readonly proxyProtocol: 'off' | 'on' | 'v2';
    readonly tls: BackendTls;
  };
  /** Milliseconds for connecting and the whole login. */
  readonly timeoutMs: number;
  readonly connections: ConnectionSlots;
  readonly listening: Pick<OwnAddresses, 'has'>;
}

/** The runtime's timers overflow above it and would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

const failed: BackendLogin = { kind: 'failed' };
const nothing = Buffer.alloc(0);

/** Connects and logs in. Never rejects for what a backend does; `failed` has been logged. */
export function logInAtBackend(
  session: Session,
  upstream: Upstream,
  options: BackendLoginOptions,
): Promise<BackendLogin> {
  session.nameUpstream(`${upstream.host}:${upstream.port}`);
  session.log.action = 'connecting to upstream';
  // It would send its login here again, and so on.
  if (options.listening.has(upstream)) {
    session.log.error('upstream is an address that this proxy listens on');
    return Promise.resolve(failed);
  }
  if (options.connections.take() === undefined) {
    session.log.write('alert', options.connections.exhausted);
    return Promise.resolve(failed);
  }
  return new Promise((resolve) => {
    new BackendDialog(session, upstream, options, resolve).connect();
  });
}

class BackendDialog implements Receiver {
  readonly #session: Session;
  readonly #upstream: Upstream;
  readonly #options: BackendLoginOptions;
  readonly #resolve: (login: BackendLogin) => void;
  readonly #tls: UpstreamTls;
  readonly #conversation: BackendConversation;
  readonly #deadline: NodeJS.Timeout;
  #connection: Connection | undefined;
  #held: Buffer = nothing;
  #settled = false;

  constructor(
    session: Session,
    upstream: Upstream,
    options: BackendLoginOptions,
    resolve: (login: BackendLogin) => void,
  ) {
    this.#session = session;
    this.#upstream = upstream;
    this.#options = options;
    this.#resolve = resolve;
    this.#tls = options.conf.tls.mode(upstream);
    this.#conversation = session.converse({ startTls: this.#tls === 'starttls' });
    this.#deadline = setTimeout(this.#expire, Math.min(options.timeoutMs, longestTimerMs));
    session.onAbandon(this.#abandon);
  }

  connect(): void {
    this.#connection = Connection.open(this.#upstream, this, this.#connected);
    this.#connection.slots = this.#options.connections;
  }

  readonly #connected = (connection: Connection): void => {
    const { proxyProtocol } = this.#options.conf;
    if (proxyProtocol !== 'off') {
      this.#session.log.action = 'sending PROXY protocol header to upstream';
      connection.send(proxyHeader(this.#session, proxyProtocol));
    }
    if (this.#tls === 'on') this.#secure();
  };

  /** TLS from here on. What the backend said before counts for nothing. */
  #secure(then?: () => void): void {
    const { log } = this.#session;
    log.action = 'SSL handshaking to upstream';
    let options: TlsClientOptions;
    try {
      options = this.#options.conf.tls.options(this.#upstream);
    } catch (error) {
      log.fault(error);
      this.#settle(failed);
      return;
    }
    this.#connection?.secureAsClient(options, (error) => {
      if (this.#settled) return;
      if (error !== undefined) {
        log.write(levelOfBackend(error), error.message);
        this.#settle(failed);
        return;
      }
      log.action = 'reading response from upstream';
      if (then !== undefined) this.#guard(then);
    });
  }

  readonly #expire = (): void => {
    this.#session.log.info('upstream timed out', timedOut);
    this.#settle(failed);
  };

  readonly #abandon = (): void => {
    this.#settle(failed);
  };

  received(bytes: Buffer): void {
    if (this.#settled) return;
    this.#session.log.action = 'reading response from upstream';
    this.#held = this.#held.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes]);
    this.#guard(() => {
      this.#judge();
    });
  }

  /** A dialog that throws is a fault of its package and ends this login only. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#session.log.fault(error);
      this.#settle(failed);
    }
  }

  #judge(): void {
    while (!this.#settled) {
      const length = this.#conversation.replyLength(this.#held);
      const { bufferBytes } = this.#options.conf;
      if (length > bufferBytes || (length === 0 && this.#held.length >= bufferBytes)) {
        this.#tooLong(bufferBytes);
        return;
      }
      if (length === 0) return;
      const reply = this.#held.subarray(0, length);
      const rest = this.#held.subarray(length);
      if (!this.#step(reply, rest)) return;
    }
  }

  /** Takes one reply. Returns whether another may be waiting in what is held. */
  #step(reply: Buffer, rest: Buffer): boolean {
    return this.#follow(this.#conversation.step(reply), rest);
  }

  #follow(step: BackendStep, rest: Buffer): boolean {
    switch (step.do) {
      case 'wait':
        this.#held = rest;
        return rest.length > 0;
      case 'relay':
        this.#ready(step.reply, rest);
        return false;
      case 'fail':
        this.#refused(step.text, step.reply);
        return false;
      case 'abort':
        if (step.while !== undefined) this.#session.log.action = step.while;
        this.#session.log.error(step.message);
        this.#settle(failed);
        return false;
      case 'send':
      case 'startTls':
        // A reply to what was not asked yet, or an answer in clear text to what is asked inside TLS.
        if (rest.length > 0) this.#refused(rest, undefined);
        else this.#goOn(step);
        return false;
      default:
        step satisfies never;
        return false;
    }
  }

  #goOn(step: Extract<BackendStep, { do: 'send' | 'startTls' }>): void {
    this.#held = nothing;
    if (step.do === 'startTls') {
      this.#secure(() => {
        this.#follow(this.#conversation.secured(), nothing);
      });
      return;
    }
    this.#session.log.action = step.while;
    this.#connection?.send(step.bytes);
  }

  #ready(reply: Uint8Array, rest: Uint8Array): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    // The relay takes the connection over before the next event: nothing can be read in between.
    this.#connection = undefined;
    this.#settle({
      kind: 'ready',
      connection,
      reply: rest.length === 0 ? reply : Buffer.concat([reply, rest]),
      idleMs: this.#options.conf.timeoutMs,
    });
  }

  #refused(text: Uint8Array, reply: Uint8Array | undefined): void {
    const pass = this.#options.conf.passErrorMessage && reply !== undefined;
    const { log } = this.#session;
    log.write(pass ? 'info' : 'error', `upstream sent invalid response: "${printable(text)}"`);
    this.#settle(pass ? { kind: 'failed', reply: Buffer.from(reply) } : failed);
  }

  /** As in nginx the log shows all that fits in the buffer but its last byte. */
  #tooLong(bufferBytes: number): void {
    const text = printable(this.#held.subarray(0, bufferBytes - 1));
    this.#session.log.error(`upstream sent too long response line: "${text}"`);
    this.#settle(failed);
  }

  ended(): void {
    this.#settle(failed);
  }

  closed(_connection: Connection, error: NodeJS.ErrnoException | undefined): void {
    if (this.#settled) return;
    if (error !== undefined) {
      const { host, port } = this.#upstream;
      const peer = { name: `${host}:${String(port)}`, reading: 'reading response from upstream' };
      logBroken(error, peer, this.#session.log);
    }
    this.#settle(failed);
  }

  #settle(login: BackendLogin): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#deadline);
    this.#session.offAbandon(this.#abandon);
    this.#connection?.destroy();
    this.#resolve(login);
  }
}
