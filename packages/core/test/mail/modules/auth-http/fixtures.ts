/** What the tests of auth_http share: a session without a socket, a log that remembers, a server that is scripted. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LogLevel } from '../../../../src/log/levels.js';
import { errnoText } from '../../../../src/log/errno.js';
import type { LogDetails, Logger } from '../../../../src/log/logger.js';
import { Credentials, type AuthMethod } from '../../../../src/mail/credentials.js';
import { SessionLog } from '../../../../src/mail/session-log.js';
import type { Session } from '../../../../src/mail/session.js';
import type { AuthService } from '../../../../src/mail/modules/auth-http/url.js';

/** A log whose lines can be looked at: `[error] message (111: text) while action`. */
export class RememberingLog implements Logger {
  readonly lines: string[] = [];

  enabled(): boolean {
    return true;
  }

  log(level: LogLevel, message: string, details: LogDetails = {}): void {
    const error = details.error === undefined ? '' : ` (${errnoText(details.error)})`;
    this.lines.push(`[${level}] ${message}${error}${details.context ?? ''}`);
  }
}

/** What a session of a test is about. */
export interface SessionOptions {
  readonly protocol?: string;
  readonly method?: AuthMethod;
  readonly login?: Uint8Array | string;
  readonly secret?: Uint8Array | string;
  readonly salt?: string;
  readonly attempts?: number;
  readonly client?: string;
  /** What `conf()` gives for any module. */
  readonly conf?: object;
}

/** A session, its log, and the way to end it. */
export interface TestSession {
  readonly session: Session;
  readonly log: RememberingLog;
  /** What waits for the session's answer. */
  readonly waiting: ReadonlySet<() => void>;
  readonly abandon: () => void;
}

const unused = (): never => expect.unreachable('not part of this test');

/** A session that has submitted credentials. */
export function sessionFor(options: SessionOptions = {}): TestSession {
  const log = new RememberingLog();
  const waiting = new Set<() => void>();
  const credentials = new Credentials();
  const { salt, conf = {} } = options;
  credentials.submit({
    method: options.method ?? 'plain',
    login: Buffer.from(options.login ?? 'user'),
    secret: Buffer.from(options.secret ?? 'password'),
    ...(salt === undefined ? {} : { salt }),
  });
  const peer = { address: options.client ?? '192.0.2.7', port: 1234, family: 'IPv4' as const };
  const session: Session = {
    id: 1,
    protocol: options.protocol ?? 'imap',
    needsSecret: true,
    serverName: 'mx.test',
    timeoutMs: 60_000,
    client: peer,
    local: peer,
    listen: '0.0.0.0:143',
    proxied: undefined,
    security: 'none',
    tls: undefined,
    clientName: undefined,
    loginAttempts: options.attempts ?? 1,
    login: 'user',
    credentials,
    closed: false,
    signal: AbortSignal.abort(),
    onAbandon: (callback) => waiting.add(callback),
    offAbandon: (callback) => waiting.delete(callback),
    log: new SessionLog(log, { id: 1, describe: () => '' }),
    converse: unused,
    nameLogin: () => undefined,
    nameUpstream: unused,
    conf: () => conf as never,
    state: unused,
  };
  return {
    session,
    log,
    waiting,
    abandon: () => {
      for (const callback of [...waiting]) callback();
    },
  };
}

/** One connection of the scripted server. */
export interface Visit {
  /** Counts from 0. */
  readonly connection: number;
  readonly socket: Socket;
  /** The requests of this connection so far, this one included. */
  readonly requests: readonly string[];
}

/** Answers one complete request. */
export type Script = (visit: Visit) => void;

/** A server that answers as a test says. Requests are recorded byte for byte as latin1. */
export class ScriptedServer {
  readonly requests: string[] = [];
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiters: (() => void)[] = [];

  private constructor(script: Script) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#serve(socket, script);
    });
  }

  static async start(script: Script, path?: string): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    await new Promise<void>((resolve) => {
      if (path === undefined) server.#server.listen(0, '127.0.0.1', resolve);
      else server.#server.listen(path, resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get service(): AuthService {
    return serviceAt(this.port);
  }

  /** Connections open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Resolves once `condition` holds; looked at whenever something happens at the server. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #notify(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #serve(socket: Socket, script: Script): void {
    const connection = this.connections;
    this.connections += 1;
    this.#sockets.add(socket);
    const requests: string[] = [];
    let held = '';
    socket.on('data', (bytes) => {
      held += bytes.toString('latin1');
      for (let end = held.indexOf('\r\n\r\n'); end >= 0; end = held.indexOf('\r\n\r\n')) {
        const request = held.slice(0, end + 4);
        held = held.slice(end + 4);
        requests.push(request);
        this.requests.push(request);
        script({ connection, socket, requests });
      }
      this.#notify();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#notify();
    });
    this.#notify();
  }
}

/** An auth server at a port of this machine. */
export function serviceAt(port: number): AuthService {
  return {
    name: `127.0.0.1:${String(port)}`,
    target: { host: '127.0.0.1', port },
    hostHeader: '127.0.0.1',
    uri: '/auth',
  };
}

/** Runs `use` with the path of a UNIX-domain socket in a directory of its own. */
export async function withSocketPath<T>(use: (path: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-'));
  try {
    return await use(join(directory, 'auth'));
  } finally {
    await rm(directory, { recursive: true });
  }
}
