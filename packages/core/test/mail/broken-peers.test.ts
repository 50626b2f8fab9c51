/** What the log says of a connection that breaks: which side, what was being done, and how bad that is. */
import {
  connectClient,
  startScriptedBackend,
  type ScriptedBackend,
  type ScriptedPeer,
} from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, defineModule, mail } from '../../src/index.js';
import { toy } from './toy-protocol.js';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

interface Stage {
  readonly client: ScriptedPeer;
  /** The lines behind the first, without time, process and ports. */
  readonly lines: () => readonly string[];
}

/** A client that was greeted; whoever logs in is sent to `host`. */
async function connect(host: string, port: number, directives = ''): Promise<Stage> {
  const log: string[] = [];
  const auth = defineModule({
    name: 'auth',
    api: 1,
    requires: [mail],
    setup: (cycle) => {
      cycle
        .hooks(mail)
        .authenticate.tapPromise({ name: 'auth', stage: -100 }, () =>
          Promise.resolve({ kind: 'accept', upstream: { host, port } } as const),
        );
    },
  });
  const server = await createServer({
    modules: [toy, auth],
    config: `events {} mail { auth_http 127.0.0.1:1;
      server { listen 127.0.0.1; protocol toy; ${directives} } }`,
    onLog: (line) => log.push(line),
  });
  await server.listen();
  open.push(server);
  const client = await connectClient(Number(server.addresses[0]?.split(':')[1]));
  open.push(client);
  await client.expect('hello');
  const lines = (): readonly string[] =>
    log.slice(1).map((line) => line.replace(/^\S+ \S+ (\[\w+\]).*?#0: \*1/, '$1'));
  return { client, lines };
}

/** A client that has sent its login. */
async function logIn(host: string, port: number, directives = ''): Promise<Stage> {
  const stage = await connect(host, port, directives);
  await stage.client.sendLine('LOGIN bob secret');
  return stage;
}

async function startBackend(
  serve: (proxy: ScriptedPeer) => Promise<void>,
): Promise<ScriptedBackend> {
  const backend = await startScriptedBackend(serve);
  open.push(backend);
  return backend;
}

async function letIn(proxy: ScriptedPeer): Promise<void> {
  await proxy.sendLine('hi');
  await proxy.expect('LOGIN');
  await proxy.sendLine('ok welcome');
}

describe('a backend that resets the connection', () => {
  it('before its greeting: an error while its reply is read', async () => {
    const backend = await startBackend((proxy) => {
      proxy.reset();
      return Promise.resolve();
    });
    const { client, lines } = await logIn('127.0.0.1', backend.port);
    await client.expect('fault');
    expect(lines()).toEqual([
      expect.stringMatching(
        /^\[error\] recv\(\) failed \(104: Connection reset by peer\) while reading response from upstream, client: 127\.0\.0\.1, /,
      ),
    ]);
  });

  it('in its login: the same', async () => {
    const backend = await startBackend(async (proxy) => {
      await proxy.sendLine('hi');
      await proxy.expect('LOGIN');
      proxy.reset();
    });
    const { client, lines } = await logIn('127.0.0.1', backend.port);
    await client.expect('fault');
    expect(lines()).toEqual([
      expect.stringContaining(
        '(104: Connection reset by peer) while reading response from upstream',
      ),
    ]);
  });

  it('in the relay: an error, then the end of the session', async () => {
    const backend = await startBackend(letIn);
    const { client, lines } = await logIn('127.0.0.1', backend.port);
    await client.expect('ok welcome');
    const behind = await backend.nextConnection();
    behind.reset();
    await client.ended;
    expect(lines()).toEqual([
      expect.stringContaining('client logged in'),
      expect.stringMatching(
        /^\[error\] recv\(\) failed \(104: Connection reset by peer\) while proxying and reading from upstream, /,
      ),
      expect.stringMatching(/^\[info\] proxied session done, /),
    ]);
  });
});

it('a client that resets the connection before its first command: as with every command', async () => {
  const { client, lines } = await connect('127.0.0.1', 1);
  client.reset();
  await expect
    .poll(lines)
    .toEqual([
      expect.stringMatching(
        /^\[info\] recv\(\) failed \(104: Connection reset by peer\) while in auth state, /,
      ),
    ]);
});

it('a client that resets the connection in the relay: no more than info', async () => {
  const backend = await startBackend(letIn);
  const { client, lines } = await logIn('127.0.0.1', backend.port);
  await client.expect('ok welcome');
  const behind = await backend.nextConnection();
  client.reset();
  await behind.ended;
  expect(lines()).toEqual([
    expect.stringContaining('client logged in'),
    expect.stringMatching(
      /^\[info\] recv\(\) failed \(104: Connection reset by peer\) while proxying and reading from client, /,
    ),
    expect.stringMatching(/^\[info\] proxied session done, /),
  ]);
});

it('a backend that no route leads to: the call that failed, while connecting', async () => {
  const { client, lines } = await logIn('255.255.255.255', 1);
  await client.expect('fault');
  expect(lines()).toEqual([
    expect.stringMatching(
      /^\[(error|crit)\] connect\(\) to 255\.255\.255\.255:1 failed \(\d+: .*\) while connecting to upstream, .* upstream: 255\.255\.255\.255:1$/,
    ),
  ]);
});

describe('proxy_buffer', () => {
  const directives = 'proxy_buffer 64;';

  it('holds a reply of its size', async () => {
    const backend = await startBackend(async (proxy) => {
      await proxy.sendLine(`hi ${'x'.repeat(59)}`);
      await proxy.expect('LOGIN');
      await proxy.sendLine('ok welcome');
    });
    const { client } = await logIn('127.0.0.1', backend.port, directives);
    await client.expect('ok welcome');
  });

  it('does not hold one that is longer, also where it comes at once', async () => {
    const backend = await startBackend((proxy) => proxy.sendLine(`hi ${'x'.repeat(60)}`));
    const { client, lines } = await logIn('127.0.0.1', backend.port, directives);
    await client.expect('fault');
    expect(lines()).toEqual([
      expect.stringContaining(
        `[error] upstream sent too long response line: "hi ${'x'.repeat(60)}" while reading response from upstream`,
      ),
    ]);
  });
});
