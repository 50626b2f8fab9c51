/** A session after its login: two sockets, the relay between them, and what the last log line needs. */
import type { Connection } from '../net/connection.js';
import { linger } from '../net/linger.js';
import { Relay, type RelayEnd, type RelayFault, type RelayOwner } from '../net/relay.js';
import { logBroken, logBrokenClient } from './broken-peer.js';
import { timedOut } from './errors.js';
import type { MailSession } from './mail-session.js';
import type { BackendLogin } from './outcome.js';
import type { MailRuntime } from './runtime.js';

/** Owns a relay from its start to its end. */
export class RelayedSession implements RelayOwner {
  readonly #session: MailSession;
  readonly #runtime: MailRuntime;
  readonly #backend: Connection;
  readonly #relay: Relay;

  constructor(
    session: MailSession,
    backend: Extract<BackendLogin, { kind: 'ready' }>,
    runtime: MailRuntime,
  ) {
    this.#session = session;
    this.#runtime = runtime;
    this.#backend = backend.connection;
    this.#relay = new Relay(session.connection, backend.connection, runtime.sweep, {
      idleMs: backend.idleMs,
      owner: this,
    });
  }

  start(): void {
    this.#runtime.relays.add(this.#relay);
    this.#session.tellRelay(this.#runtime.hooks);
    this.#relay.start();
    if (this.#runtime.shutDown) this.#relay.shutDown();
  }

  relayEnded(end: RelayEnd, fault: RelayFault | undefined): void {
    this.#runtime.relays.delete(this.#relay);
    this.#log(end, fault);
    const client = this.#session.connection;
    // A relay that is done has read what the client sent and delivered what it was sent: there is nothing to linger for.
    if (end === 'done' && client.owesNothing) client.destroy();
    else linger(client, this.#runtime.sweep);
    this.#backend.abandon();
    this.#backend.destroy();
    this.#session.finish(reasons[end], this.#runtime.hooks);
  }

  #log(end: RelayEnd, fault: RelayFault | undefined): void {
    const { log } = this.#session;
    if (end === 'timeout') {
      log.action = 'proxying';
      log.info('client timed out', timedOut);
      return;
    }
    if (end === 'shutdown') {
      log.action = 'proxying';
      log.info('shutdown timeout');
      return;
    }
    if (fault !== undefined) this.#logFault(fault);
    if (fault?.error.syscall === 'write') return;
    log.action = '';
    log.info('proxied session done');
  }

  /** As nginx: what a client breaks is info, what a backend breaks an error. */
  #logFault({ side, error }: RelayFault): void {
    const { log } = this.#session;
    const isWrite = error.syscall === 'write';
    const peer = side === 'client' ? 'client' : 'upstream';
    log.action = `proxying and ${isWrite ? 'sending to' : 'reading from'} ${peer}`;
    if (side === 'client') logBrokenClient(error, log, this.#session.connection.tls !== undefined);
    else logBroken(error, { name: peer }, log);
  }
}

const reasons = {
  done: 'client',
  broken: 'client',
  timeout: 'timeout',
  shutdown: 'shutdown',
} as const;
