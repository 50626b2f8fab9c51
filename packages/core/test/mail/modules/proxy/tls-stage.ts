/** A proxy of the toy protocol in front of backends with TLS, from the first byte or behind STARTTLS. */
import { readFileSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import {
  connectClient,
  startTlsBackend,
  type ScriptedPeer,
  type TlsBackend,
  type TlsBackendOptions,
  type TlsBackendPeer,
} from '@postern/testkit';
import {
  createServer,
  defineModule,
  mail,
  Secret,
  type ServerOptions,
  type Upstream,
} from '../../../../src/index.js';
import { toyProtocol } from '../../toy-protocol.js';
const open: { close(): Promise<void> }[] = [];

/** Closes what was opened, the last first. For `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close();
}

const directory = fileURLToPath(new URL('../../../net/fixtures/', import.meta.url));

/** The path of a fixture of `net`. */
export const pathOf = (name: string): string => `${directory}${name}`;

/** How a backend is set up. */
export interface BackendOptions extends Omit<TlsBackendOptions, 'context'> {
  /** Default `server`, which is good for `mail.example` and 127.0.0.1. */
  readonly certificate?: string;
  readonly context?: SecureContextOptions;
}

/** Starts a backend that `closeAll` closes. */
export async function startBackend(
  serve: (peer: TlsBackendPeer) => Promise<void>,
  { certificate = 'server', context, ...options }: BackendOptions = {},
): Promise<TlsBackend> {
  const cert = readFileSync(pathOf(`${certificate}.crt`));
  const key = readFileSync(pathOf(`${certificate}.key`));
  const backend = await startTlsBackend(serve, {
    ...options,
    context: { cert, key, sessionIdContext: 'backend', ...context },
  });
  open.push(backend);
  return backend;
}

/** How a backend's connection becomes TLS: at once, when the backend says so, or never. */
export type BackendWay = 'on' | 'starttls' | 'off';

/** A backend that lets everybody in, secured in this way. */
export async function letIn(peer: TlsBackendPeer, way: BackendWay): Promise<void> {
  if (way === 'starttls') {
    await peer.clear.sendLine('hi');
    await peer.clear.expect('STARTTLS');
    await peer.clear.sendLine('ok go');
  }
  if (way !== 'off') peer.secure();
  const inside = way === 'off' ? peer.clear : await peer.inside;
  if (way !== 'starttls') await inside.sendLine('hi');
  await inside.expect('LOGIN bob secret');
  await inside.sendLine('ok welcome');
}

/** A login of the toy protocol at a backend: STARTTLS where wanted, then LOGIN with the password. */
interface ToyLogin {
  readonly at: 'greeting' | 'starttls' | 'login';
  readonly startTls: boolean;
  readonly command: Secret;
}

type ToyStep = ReturnType<typeof sendLogin> | ReturnType<typeof askForTls>;

const line = (text: string): Buffer => Buffer.from(`${text}\r\n`);

const sendLogin = (state: ToyLogin) => ({
  do: 'send' as const,
  state: { ...state, at: 'login' as const },
  bytes: state.command.reveal(),
  while: 'sending LOGIN to upstream',
});

const askForTls = (state: ToyLogin) => ({
  do: 'send' as const,
  state: { ...state, at: 'starttls' as const },
  bytes: line('STARTTLS'),
  while: 'sending STARTTLS to upstream',
});

const greeted = (state: ToyLogin): ToyStep =>
  state.startTls ? askForTls(state) : sendLogin(state);

/** The toy protocol, whose logins at backends send the password and know STARTTLS. */
const protocol = {
  ...toyProtocol,
  upstream: {
    start: (login: {
      readonly startTls: boolean;
      readonly login: Uint8Array;
      readonly secret: Secret | undefined;
    }): ToyLogin => ({
      at: 'greeting',
      startTls: login.startTls,
      command: new Secret(
        line(`LOGIN ${String(login.login)} ${String(login.secret?.reveal() ?? '')}`),
      ),
    }),
    replyLength: (_state: ToyLogin, buffer: Uint8Array) => Buffer.from(buffer).indexOf('\n') + 1,
    step: (state: ToyLogin, reply: Uint8Array) => {
      if (state.at === 'greeting') return greeted(state);
      const text = Buffer.from(reply).subarray(0, -2);
      if (!String(text).startsWith('ok')) return { do: 'fail' as const, text, reply };
      return state.at === 'starttls'
        ? { do: 'startTls' as const, state: { ...state, startTls: false } }
        : { do: 'relay' as const, reply };
    },
    secured: sendLogin,
    progress: ({ at }: ToyLogin) => at,
  },
};

/** A running proxy. */
export interface Proxy {
  /** The log without its times, with `P` for every port. */
  readonly log: readonly string[];
  /** A client that has been greeted and has sent `LOGIN bob secret`. */
  logIn(): Promise<ScriptedPeer>;
}

/** Starts a proxy that sends every login to the backend that `upstream` names. */
export async function startProxy(
  directives: string,
  upstream: () => Omit<Upstream, 'host'>,
  prefix?: NonNullable<ServerOptions['prefix']>,
): Promise<Proxy> {
  const log: string[] = [];
  const decide = defineModule({
    name: 'decide',
    api: 1,
    requires: [mail],
    setup(cycle) {
      cycle.hooks(mail).protocols.tap('decide', (registry) => {
        registry.add(protocol);
      });
      cycle
        .hooks(mail)
        .authenticate.tapPromise({ name: 'decide', stage: -100 }, () =>
          Promise.resolve({ kind: 'accept', upstream: { host: '127.0.0.1', ...upstream() } }),
        );
    },
  });
  const server = await createServer({
    modules: [decide],
    config: `events {} mail { server_name mx.test; auth_http 127.0.0.1:1;
      server { listen 127.0.0.1; protocol toy; ${directives} } }`,
    ...(prefix !== undefined && { prefix }),
    onLog: (text) => log.push(text.replace(/^.*?#0: /, '').replaceAll(/:\d+\b/g, ':P')),
  });
  await server.listen();
  open.push(server);
  const port = Number(server.addresses[0]?.split(':')[1]);
  return {
    log,
    async logIn() {
      const client = await connectClient(port);
      open.push(client);
      await client.expect('hello');
      await client.sendLine('LOGIN bob secret');
      return client;
    },
  };
}
