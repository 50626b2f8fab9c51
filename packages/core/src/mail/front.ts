/**
 * The sockets of the mail proxy: opens what the servers ask for, accepts clients, finds the server that each came to,
 * and ends them all at a stop.
 */
import { chmod } from 'node:fs/promises';
import type { Cycle } from '../cycle/cycle.js';
import type { LogDetails } from '../log/logger.js';
import type { Connection } from '../net/connection.js';
import { Listener, type Acceptor, type BoundPlace, type ListenTarget } from '../net/listener.js';
import type { SocketOptions } from '../net/socket-options.js';
import { Sweep } from '../net/sweep.js';
import { addressText } from '../net/address.js';
import { arrive } from './arrival.js';
import type { ServerListen } from './listen-addresses.js';
import { mail } from './core-module.js';
import { listenFailed, tooFewConnections } from './errors.js';
import { MailSession } from './mail-session.js';
import { type Opening, openPatiently } from './opening.js';
import type { MailRuntime } from './runtime.js';
import { groupSockets, selectListen, type SocketPlan } from './socket-plan.js';

/** What {@link MailFront.open} is told besides the servers. */
export interface FrontOptions {
  /** `-t`: a busy address is no error, and everything is closed again by the caller. */
  readonly test: boolean;
  /** Sockets that another process has bound, by address; what is not among them is bound here. */
  readonly bound: ReadonlyMap<string, BoundPlace>;
  /** Descriptors that the process may have, where the system tells. */
  readonly openFiles: number | undefined;
  /** Milliseconds in which the log says once that there are no more descriptors (`accept_mutex_delay`). */
  readonly acceptPauseMs: number;
}

/** The open sockets of one cycle and the sessions behind them. */
export class MailFront {
  readonly #runtime: MailRuntime;
  readonly #cycle: Cycle;
  readonly #options: FrontOptions;
  readonly #listeners: Listener[] = [];

  private constructor(cycle: Cycle, options: FrontOptions) {
    this.#cycle = cycle;
    this.#options = options;
    this.#runtime = {
      hooks: cycle.hooks(mail),
      sweep: new Sweep(),
      connections: cycle.connections,
      sessions: new Set(),
      relays: new Set(),
      shutDown: false,
    };
  }

  /** Binds everything, or nothing: throws PosternError with nginx's last sentence. */
  static async open(
    listens: readonly ServerListen[],
    cycle: Cycle,
    options: FrontOptions,
  ): Promise<MailFront> {
    const front = new MailFront(cycle, options);
    const plans = plansOf(listens, cycle);
    try {
      await front.#openAll(plans);
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

  async #openAll(plans: readonly SocketPlan<ServerListen>[]): Promise<void> {
    const { test, bound } = this.#options;
    const missing: Opening[] = [];
    for (const plan of plans) {
      const name = plan.socket.address;
      const place = bound.get(name);
      if (place !== undefined) this.#take(plan, await this.#adopt(plan, place));
      else missing.push({ name, open: async () => this.#take(plan, await this.#bind(plan)) });
    }
    await openPatiently(missing, { log: this.#cycle.log, test });
  }

  #take({ socket }: SocketPlan<ServerListen>, listener: Listener): void {
    this.#listeners.push(listener);
    this.#cycle.connections.occupy();
    const { address } = listener;
    if ('host' in address) {
      this.#cycle.listening.add({ ...address, bothFamilies: !socket.ipv6only });
    }
    for (const { call, error } of listener.refused) {
      this.#cycle.log.log('alert', `${call} ${socket.address} failed, ignored`, { error });
    }
  }

  async #bind(plan: SocketPlan<ServerListen>): Promise<Listener> {
    const target = targetOf(plan.socket, this.#options.test);
    const listener = await Listener.open(target, this.#acceptor(plan));
    if (plan.socket.path !== undefined) await chmod(plan.socket.path, 0o666);
    return listener;
  }

  async #adopt(plan: SocketPlan<ServerListen>, place: BoundPlace): Promise<Listener> {
    const { address, backlog } = plan.socket;
    const target = { ...place, backlog, options: optionsOf(plan.socket) };
    try {
      return await Listener.open(target, this.#acceptor(plan));
    } catch (error) {
      throw listenFailed(address, backlog, error as NodeJS.ErrnoException);
    }
  }

  #acceptor(plan: SocketPlan<ServerListen>): Acceptor {
    const { log } = plan.socket.server;
    const around = acceptingOn(plan.socket);
    const { openFiles, acceptPauseMs } = this.#options;
    let quietUntil = 0;
    return {
      openFiles,
      accepted: (connection) => {
        this.#accept(connection, plan, around);
      },
      failed: (error) => {
        if (performance.now() < quietUntil) return;
        quietUntil = performance.now() + acceptPauseMs;
        log.log('crit', 'accept4() failed', { error, ...around });
      },
    };
  }

  #accept(connection: Connection, plan: SocketPlan<ServerListen>, around: LogDetails): void {
    const { connections } = this.#runtime;
    const id = connections.take();
    if (id === undefined) {
      plan.socket.server.log.log('alert', connections.exhausted, around);
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

  /** Stops accepting. Resolves when the last session has ended and every connection is closed. */
  async drain(): Promise<void> {
    await this.stopAccepting();
    const { connections, sessions, relays, sweep } = this.#runtime;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (sessions.size > 0 || relays.size > 0) return;
        // What is left belongs to no session: kept connections, and last replies on their way.
        this.#cycle.end();
        if (connections.used > 0) return;
        connections.released = undefined;
        resolve();
      };
      // A session lets go of its connection before it is taken out of its set.
      connections.released = () => setImmediate(look);
      look();
    });
    sweep.stop();
  }

  /** `worker_shutdown_timeout` has passed: ends relayed sessions, and from here on each one where its relay begins. */
  shutDown(): void {
    this.#runtime.shutDown = true;
    for (const relay of [...this.#runtime.relays]) relay.shutDown();
  }

  /** Stops accepting and ends every session at once. The clock runs on: it ends clients that do not take their end. */
  async stop(): Promise<void> {
    await this.stopAccepting();
    for (const session of [...this.#runtime.sessions]) session.connection.destroy();
    for (const relay of [...this.#runtime.relays]) relay.shutDown();
    this.#cycle.end();
  }
}

/** The sockets of a configuration. Throws PosternError where `worker_connections` does not reach for them. */
export function plansOf(
  listens: readonly ServerListen[],
  cycle: Cycle,
): readonly SocketPlan<ServerListen>[] {
  const plans = groupSockets(listens);
  const { limit } = cycle.connections;
  if (limit < plans.length + 1) throw tooFewConnections(limit, plans.length);
  return plans;
}

/** What lines say that are written before there is a session. */
function acceptingOn({ address, server }: ServerListen): LogDetails {
  const action = 'accepting new connection';
  const fields = { action, protocol: server.protocol.name, server: address };
  return { context: ` while ${action} on ${address}`, subject: { fields: () => fields } };
}

/** What to open for `spec`. As in nginx a test sets no options: it shows whether the address can be had. */
function targetOf(spec: ServerListen, test: boolean): ListenTarget {
  const { path, host, port, backlog, ipv6only } = spec;
  const options = test ? {} : { options: optionsOf(spec) };
  if (path !== undefined) return { path, backlog, ...options };
  return { host, port, backlog, ipv6Only: ipv6only, ...options };
}

function optionsOf({ rcvbuf, sndbuf, keepalive }: ServerListen): SocketOptions {
  return { rcvbuf, sndbuf, keepalive };
}
