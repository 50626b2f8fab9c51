/** The toy protocol behind a real listener, with a module whose `setup` is the test's. */
import {
  connectClient,
  startScriptedBackend,
  type ScriptedBackend,
  type ScriptedPeer,
} from '@postern/testkit';
import {
  createServer,
  defineModule,
  mail,
  type CycleSetup,
  type Server,
  type Verdict,
} from '../../src/index.js';
import { toy } from './toy-protocol.js';

const open: { close(): Promise<void> }[] = [];

/** Has `one` closed by {@link closeAll}. */
export function keep(one: { close(): Promise<void> }): void {
  open.push(one);
}

/** Closes what was opened here. For `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const one of open.splice(0)) await one.close();
}

/** A proxy that listens. */
export interface Started {
  readonly port: number;
  readonly server: Server;
  readonly log: string[];
}

/** Starts a proxy for one server with `directives`, and with parameters of its `listen`. */
export async function startProxy(
  setup: (cycle: CycleSetup) => void,
  directives = '',
  parameters = '',
): Promise<Started> {
  const log: string[] = [];
  const probe = defineModule({ name: 'probe', api: 1, requires: [mail], setup });
  const config = `events {} mail { server_name mx.test; auth_http 127.0.0.1:1;
    server { listen 127.0.0.1 ${parameters}; protocol toy; ${directives} } }`;
  const server = await createServer({
    modules: [toy, probe],
    config,
    onLog: (line) => log.push(line),
  });
  await server.listen();
  keep(server);
  const port = Number(server.addresses[0]?.split(':')[1]);
  return { port, server, log };
}

/** Starts a backend that lets everybody in. */
export async function startBackend(): Promise<ScriptedBackend> {
  const backend = await startScriptedBackend(async (proxy) => {
    await proxy.sendLine('hi');
    await proxy.expect('LOGIN');
    await proxy.sendLine('ok welcome');
  });
  keep(backend);
  return backend;
}

/** Sends a login to a backend on this machine. */
export const accept = (port: number): Verdict => ({
  kind: 'accept',
  upstream: { host: '127.0.0.1', port },
});

/** A new client, not yet greeted. */
export async function client(port: number): Promise<ScriptedPeer> {
  const peer = await connectClient(port);
  keep(peer);
  return peer;
}
