/**
 * A proxy in this process with a scriptable auth service behind it, for tests in which a client, the auth service or a
 * backend misbehaves. What a stage opens is closed by `closeStages`, which fails where the proxy keeps a session whose
 * client has gone, or where a socket is left at the end.
 */
import { createServer, type AnyModule, type Server, type ServerOptions } from '@postern/core';
import { imap } from '@postern/mail-imap';
import { pop3 } from '@postern/mail-pop3';
import { smtp } from '@postern/mail-smtp';
import { resolver } from '@postern/resolver';
import {
  acceptLogin,
  connectClient,
  startAuthServer,
  startScriptedBackend,
  type Answerer,
  type AuthServer,
  type ClientOptions,
  type Conversation,
  type ScriptedBackend,
  type ScriptedPeer,
} from '@postern/testkit';
import { expect } from 'vitest';
import { languages, playBackend, type Language, type ProtocolName } from './languages.js';

interface Closable {
  close(): Promise<void>;
}

const opened: Closable[] = [];

/** What `sessions` of a server is when there is none. */
export const noSession = { waiting: 0, relayed: 0 };

/** TCP and UDP sockets of this process. */
export function sockets(): readonly string[] {
  const kinds = ['TCPSocketWrap', 'TCPServerWrap', 'UDPWrap'];
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind));
}

/** Closes what was opened, the last first. For `afterEach`. */
export async function closeStages(): Promise<void> {
  for (const each of opened.splice(0).reverse()) await each.close();
  await expect.poll(sockets, { timeout: 5000, interval: 5 }).toEqual([]);
}

/** Has `one` closed by {@link closeStages}, before all that was kept earlier. */
export function keep<T extends Closable>(one: T): T {
  opened.push(one);
  return one;
}

/** How a stage is set. */
export interface StageOptions {
  /** Default `imap`. */
  readonly protocol?: ProtocolName;
  /** Parameters of `listen`. */
  readonly listen?: string;
  /** Directives of the server block besides `listen` and `protocol`. */
  readonly server?: string;
  /** Directives of `events {}`. */
  readonly events?: string;
  /** What the auth service answers; default: everybody is accepted, at the stage's backend. */
  readonly answer?: Answerer;
  /** What the backend says; default: it lets everybody in and then listens. */
  readonly backend?: Conversation;
  /** Modules besides the protocols and `resolver`. */
  readonly modules?: readonly AnyModule[];
  readonly logLevel?: NonNullable<ServerOptions['logLevel']>;
}

/** The running servers. */
export interface Stage {
  readonly port: number;
  readonly language: Language;
  readonly server: Server;
  readonly auth: AuthServer;
  readonly backend: ScriptedBackend;
  /** The log so far, one line each. */
  readonly log: readonly string[];
  /** A new client, not yet greeted. */
  connect(options?: ClientOptions): Promise<ScriptedPeer>;
  /** A new client that has read its greeting. */
  client(options?: ClientOptions): Promise<ScriptedPeer>;
}

/** Plays an IMAP backend that lets everybody in. */
export const letIn: Conversation = (proxy) => playBackend(proxy, languages.imap);

/** Starts a backend, an auth service and a proxy. */
export async function setStage(options: StageOptions = {}): Promise<Stage> {
  const language = languages[options.protocol ?? 'imap'];
  const conversation = options.backend ?? ((proxy) => playBackend(proxy, language));
  const backend = keep(await startScriptedBackend(conversation));
  const auth = keep(await startAuthServer(options.answer ?? (() => acceptLogin(backend.port))));
  const log: string[] = [];
  const server = await createServer({
    modules: [imap, pop3, smtp, resolver, ...(options.modules ?? [])],
    config: configuration(auth.port, language.name, options),
    onLog: (line) => log.push(line),
    logLevel: options.logLevel ?? 'info',
  });
  keep({ close: () => closeWhenIdle(server) });
  await server.listen();
  const port = Number(server.addresses[0]?.split(':')[1]);
  const connect = async (clientOptions?: ClientOptions): Promise<ScriptedPeer> =>
    keep(await connectClient(port, clientOptions));
  const client = async (clientOptions?: ClientOptions): Promise<ScriptedPeer> => {
    const peer = await connect(clientOptions);
    await peer.expect(language.greeting);
    return peer;
  };
  return { port, language, server, auth, backend, log, connect, client };
}

/** The clients were closed before: no session may stay. */
async function closeWhenIdle(server: Server): Promise<void> {
  try {
    await expect.poll(() => server.sessions, { timeout: 5000, interval: 5 }).toEqual(noSession);
  } finally {
    await server.close();
  }
}

function configuration(authPort: number, protocol: ProtocolName, options: StageOptions): string {
  const { events = '', listen = '', server = '' } = options;
  return `events { ${events} }
    mail {
      server_name mail.example.com;
      auth_http 127.0.0.1:${String(authPort)}/auth;
      imap_auth plain login cram-md5; pop3_auth plain apop cram-md5; smtp_auth plain login cram-md5;
      server { listen 127.0.0.1 ${listen}; protocol ${protocol}; ${server} }
    }`;
}

/** Whether a session that nobody disturbs works: a canary beside what a test does. */
export async function expectWorkingProxy(stage: Stage): Promise<void> {
  const { noop, noopDone } = stage.language;
  const peer = await stage.client();
  await peer.send(noop);
  await peer.expect(noopDone.trimEnd());
  await peer.close();
}
