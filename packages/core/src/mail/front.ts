/**
 * The sockets of the mail proxy: opens what the servers ask for, accepts clients, finds the server that each came to,
 * and ends them all at a stop.
 */
import { chmod } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cycle } from '../cycle/cycle.js';
import { errnoText } from '../log/errno.js';
import type { Connection } from '../net/connection.js';
import { Listener, type Acceptor, type ListenTarget } from '../net/listener.js';
import { Sweep } from '../net/sweep.js';
import { addressText } from '../net/address.js';
import { arrive } from './arrival.js';
import type { ServerListen } from './listen-addresses.js';
import { mail } from './core-module.js';
import { bindFailed, stillNotBound, tooFewConnections } from './errors.js';
import { MailSession } from './mail-session.js';
import type { MailRuntime } from './runtime.js';
import { groupSockets, selectListen, type SocketPlan } from './socket-plan.js';

/** How often a busy address is tried, and the wait between; as nginx. */
const bindAttempts = 5;
const bindPauseMs = 500;

/** What {@link MailFront.open} is told besides the servers. */
export interface FrontOptions {
  /** `-t`: a busy address is no error, and everything is closed again by the caller. */
  readonly test: boolean;
}

/** The open sockets of one cycle and the sessions behind them. */
export class MailFront {
  readonly #runtime: MailRuntime;
  readonly #cycle: Cycle;
  readonly #listeners: Listener[] = [];

  private constructor(cycle: Cycle) {
    this.#cycle = cycle;
    this.#runtime = {
      hooks: cycle.hooks(mail),
      sweep: new Sweep(),
      connections: cycle.connections,
      sessions: new Set(),
      relays: new Set(),
    };
  }

  /** Binds everything, or nothing: throws PosternError with nginx's last sentence. */
  static async open(
    listens: readonly ServerListen[],
    cycle: Cycle,
    options: FrontOptions,
  ): Promise<MailFront> {
    const front = new MailFront(cycle);
    const plans = groupSockets(listens);
    const { limit } = cycle.connections;
    if (limit < plans.length + 1) throw tooFewConnections(limit, plans.length);
    try {
      for (const plan of plans) await front.#bind(plan, options.test);
    } catch (error) {
      await front.stop();
      throw error;
    }
    return front;
  }

  /** Where clients are accepted, in normal form with the ports that the kernel chose. */
  get addresses(): readonly string[] {
    return this.#listeners.map(({ address }) =>
      'path' in address
        ? `unix:${address.path}`
        : addressText({
            family: address.host.includes(':') ? 'IPv6' : 'IPv4',
            host: address.host,
            port: address.port,
          }),
    );
  }

  /** Sessions that are open now: before their relay, and relayed. */
  get sessions(): { readonly waiting: number; readonly relayed: number } {
    return { waiting: this.#runtime.sessions.size, relayed: this.#runtime.relays.size };
  }

  async #bind(plan: SocketPlan<ServerListen>, test: boolean): Promise<void> {
    const { log } = this.#cycle;
    const name = plan.socket.address;
    const acceptor = this.#acceptor(plan);
    for (let attempt = 0; attempt < bindAttempts; attempt += 1) {
      try {
        const listener = await Listener.open(targetOf(plan.socket), acceptor);
        this.#listeners.push(listener);
        this.#cycle.connections.take();
        for (const { call, error } of listener.refused) {
          log.log('alert', `${call} ${name} failed, ignored`, { error });
        }
        if (plan.socket.path !== undefined) await chmod(plan.socket.path, 0o666);
        return;
      } catch (error) {
        const failure = error as NodeJS.ErrnoException;
        const busy = failure.code === 'EADDRINUSE';
        if (busy && test) return;
        if (!busy) throw bindFailed(name, failure);
        log.log('emerg', `bind() to ${name} failed`, { error: failure });
        log.log('notice', `try again to bind() after ${String(bindPauseMs)}ms`);
        await pause(bindPauseMs);
      }
    }
    throw stillNotBound();
  }

  #acceptor(plan: SocketPlan<ServerListen>): Acceptor {
    const context = ` while accepting new connection on ${plan.socket.address}`;
    const { log } = plan.socket.server;
    return {
      accepted: (connection) => {
        this.#accept(connection, plan, context);
      },
      failed: (error) => {
        log.log('crit', `accept4() failed (${errnoText(error)})`, { context });
      },
    };
  }

  #accept(connection: Connection, plan: SocketPlan<ServerListen>, context: string): void {
    const { connections } = this.#runtime;
    const id = connections.take();
    if (id === undefined) {
      plan.socket.server.log.log('alert', connections.exhausted, { context });
      connection.destroy();
      return;
    }
    connection.slots = connections;
    const spec =
      plan.byHost.size === 0 ? plan.socket : selectListen(plan, connection.localAddress.address);
    const session = new MailSession(id, spec.server, connection, spec.address);
    if (session.log.enabled('info')) {
      const { family, address, port } = session.client;
      const client = family === 'Unix' ? address : addressText({ family, host: address, port });
      session.log.bare('info', `client ${client} connected to ${spec.address}`);
    }
    arrive(session, spec, this.#runtime);
  }

  /** Stops accepting. Sessions go on. */
  async stopAccepting(): Promise<void> {
    const listeners = this.#listeners.splice(0);
    await Promise.all(listeners.map((listener) => listener.close()));
    for (const _listener of listeners) this.#cycle.connections.release();
  }

  /** Stops accepting and ends every session at once. */
  async stop(): Promise<void> {
    await this.stopAccepting();
    for (const session of [...this.#runtime.sessions]) session.connection.destroy();
    for (const relay of [...this.#runtime.relays]) relay.shutDown();
    this.#runtime.sweep.stop();
    this.#cycle.end();
  }
}

function targetOf(spec: ServerListen): ListenTarget {
  const { path, host, port, backlog, rcvbuf, sndbuf, keepalive } = spec;
  const options = { rcvbuf, sndbuf, keepalive };
  if (path !== undefined) return { path, backlog, options };
  return { host, port, backlog, ipv6Only: spec.ipv6only, options };
}
