/**
 * A proxy in this process with a scriptable auth service behind it, for tests in which a client, the auth service or a
 * backend misbehaves. What a stage opens is closed by `closeStages`.
 */
import { createServer, type AnyModule, type Server, type ServerOptions } from '@postern/core';
import { imap } from '@postern/mail-imap';
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

const opened: { close(): Promise<void> }[] = [];

/** Closes what was opened, the last first. For `afterEach`. */
export async function closeStages(): Promise<void> {
  for (const each of opened.splice(0).reverse()) await each.close();
}

/** How a stage is set. */
export interface StageOptions {
  /** Directives of the server block besides `listen` and `protocol`. */
  readonly server?: string;
  /** Directives of `events {}`. */
  readonly events?: string;
  /** What the auth service answers; default: everybody is accepted, at the stage's backend. */
  readonly answer?: Answerer;
  /** What the backend says; default: it lets everybody in and then listens. */
  readonly backend?: Conversation;
  /** Modules besides `imap`. */
  readonly modules?: readonly AnyModule[];
  readonly logLevel?: NonNullable<ServerOptions['logLevel']>;
}

/** The running servers. */
export interface Stage {
  readonly port: number;
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

/** The greeting of the proxy. */
export const greeting = '* OK IMAP4 ready';

/** Plays a backend that lets everybody in, in one command. */
export async function letIn(proxy: ScriptedPeer): Promise<void> {
  await proxy.sendLine('* OK ready');
  const command = await proxy.line();
  await proxy.sendLine(`${command.slice(0, command.indexOf(' '))} OK logged in`);
}

/** Starts a backend, an auth service and a proxy. */
export async function setStage(options: StageOptions = {}): Promise<Stage> {
  const backend = keep(await startScriptedBackend(options.backend ?? letIn));
  const auth = keep(await startAuthServer(options.answer ?? (() => acceptLogin(backend.port))));
  const log: string[] = [];
  const server = keep(
    await createServer({
      modules: [imap, ...(options.modules ?? [])],
      config: `events { ${options.events ?? ''} }
        mail {
          server_name mail.example.com;
          auth_http 127.0.0.1:${String(auth.port)}/auth;
          imap_auth plain login cram-md5;
          server { listen 127.0.0.1; protocol imap; ${options.server ?? ''} }
        }`,
      onLog: (line) => log.push(line),
      logLevel: options.logLevel ?? 'info',
    }),
  );
  await server.listen();
  const port = Number(server.addresses[0]?.split(':')[1]);
  const connect = async (clientOptions?: ClientOptions): Promise<ScriptedPeer> =>
    keep(await connectClient(port, clientOptions));
  const client = async (clientOptions?: ClientOptions): Promise<ScriptedPeer> => {
    const peer = await connect(clientOptions);
    await peer.expect(greeting);
    return peer;
  };
  return { port, server, auth, backend, log, connect, client };
}

function keep<T extends { close(): Promise<void> }>(one: T): T {
  opened.push(one);
  return one;
}

/** Whether a session that nobody disturbs works: a canary beside what a test does. */
export async function expectWorkingProxy(stage: Stage): Promise<void> {
  const peer = await stage.client();
  await peer.sendLine('canary NOOP');
  await peer.expect('canary OK completed');
  await peer.close();
}
