import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BoundSocket } from '../../src/net/bound-socket.js';
import type { Connection } from '../../src/net/connection.js';
import { Listener, type Acceptor, type ListenTarget } from '../../src/net/listener.js';
import type { SocketOptionCalls } from '../../src/net/socket-options.js';

const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/** What a listener has accepted. */
class Accepted implements Acceptor {
  readonly #connections: Connection[] = [];
  readonly #waiters: (() => void)[] = [];

  accepted(connection: Connection): void {
    this.#connections.push(connection);
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  failed(error: NodeJS.ErrnoException): void {
    expect.unreachable(String(error));
  }

  async next(): Promise<Connection> {
    for (;;) {
      const connection = this.#connections.shift();
      if (connection !== undefined) return connection;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }
}

const loopback = { host: '127.0.0.1', port: 0, backlog: 511, ipv6Only: true };

/** Opens a listener that is closed behind the test. */
async function open(target: ListenTarget, provide?: () => SocketOptionCalls | undefined) {
  const accepted = new Accepted();
  const listener = await Listener.open(target, accepted, provide);
  cleanUp.push(() => listener.close());
  const { address } = listener;
  return { listener, accepted, port: 'port' in address ? address.port : 0 };
}

/** Whether it opens, or the system's name of what is in its way. */
function tryOpen(target: ListenTarget): Promise<string> {
  return open(target).then(
    () => 'open',
    (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'no code',
  );
}

async function client(target: { port: number; host?: string } | { path: string }): Promise<Socket> {
  const socket = connect(target);
  cleanUp.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function acceptedFrom(accepted: Accepted): Promise<Connection> {
  const connection = await accepted.next();
  cleanUp.push(() => {
    connection.destroy();
  });
  return connection;
}

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-'));
  cleanUp.push(() => rm(directory, { recursive: true }));
  return directory;
}

describe('addresses', () => {
  it('an address beside its wildcard is in the way, so that both cannot be bound', async () => {
    const { port } = await open({ ...loopback, host: '127.0.0.3' });
    expect(await tryOpen({ ...loopback, host: '0.0.0.0', port })).toBe('EADDRINUSE');
    expect(await tryOpen({ ...loopback, host: '127.0.0.4', port })).toBe('open');
  });

  it('ipv6only=on leaves IPv4 to another socket of the port', async () => {
    const { port } = await open({ ...loopback, host: '::' });
    await expect(client({ port, host: '127.0.0.1' })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    expect(await tryOpen({ ...loopback, host: '0.0.0.0', port })).toBe('open');
  });

  it('ipv6only=off takes IPv4 clients by their mapped address, and the port with them', async () => {
    const { port, accepted } = await open({ ...loopback, host: '::', ipv6Only: false });
    await client({ port, host: '127.0.0.1' });
    const connection = await acceptedFrom(accepted);
    expect(connection.remoteAddress.address).toBe('::ffff:127.0.0.1');
    expect(connection.localAddress.address).toBe('::ffff:127.0.0.1');
    expect(await tryOpen({ ...loopback, host: '0.0.0.0', port })).toBe('EADDRINUSE');
  });
});

describe('UNIX-domain sockets', () => {
  it('take clients, and their file goes when they are closed', async () => {
    const path = join(await scratch(), 's');
    const { listener, accepted } = await open({ path, backlog: 511 });
    expect(listener.address).toEqual({ path });
    await client({ path });
    expect((await acceptedFrom(accepted)).remoteAddress.address).toBe('');
    await listener.close();
    await expect(access(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('in a folder that is not there is told so, as by the system', async () => {
    const directory = await scratch();
    expect(await tryOpen({ path: join(directory, 'no', 's'), backlog: 511 })).toBe('ENOENT');
  });

  it('a file that a crash left is in the way and stays', async () => {
    const path = join(await scratch(), 's');
    const crashing = `require('net').createServer().listen(process.argv[2], () => process.kill(process.pid, 'SIGKILL'))`;
    await writeFile(`${path}.cjs`, crashing);
    await once(fork(`${path}.cjs`, [path]), 'exit');
    expect(await tryOpen({ path, backlog: 511 })).toBe('EADDRINUSE');
    await access(path);
  });

  it('a socket that another process listens on is in the way', async () => {
    const path = join(await scratch(), 's');
    await open({ path, backlog: 511 });
    expect(await tryOpen({ path, backlog: 511 })).toBe('EADDRINUSE');
  });
});

/** Listens in another process and hands the socket over. Only the listener that adopts it may close it. */
async function socketOfAnotherProcess(): Promise<{ fd: number; port: number }> {
  const file = join(await scratch(), 'owner.cjs');
  await writeFile(
    file,
    `const server = require('net').createServer().listen(0, '127.0.0.1', () =>
       process.send(server.address().port, server._handle));`,
  );
  const owner = fork(file);
  const [port, handle] = (await once(owner, 'message')) as [number, { readonly fd: number }];
  const gone = once(owner, 'exit');
  owner.kill('SIGKILL');
  await gone;
  return { fd: handle.fd, port };
}

it('a socket of another process is taken over with its address', async () => {
  const { fd, port } = await socketOfAnotherProcess();
  const { listener, accepted } = await open({ fd, backlog: 511 });
  expect(listener.address).toEqual({ host: '127.0.0.1', port });
  expect(listener.fd).toBe(fd);
  const socket = await client({ port });
  const connection = await acceptedFrom(accepted);
  expect(connection.remoteAddress.port).toBe(socket.localPort);
});

/** Connects many times at once to a listener that does not come to accept; how many got through before long. */
function connectedUnaccepted(port: number): number {
  const script = `let count = 0;
    for (let i = 0; i < 20; i++) require('net').connect(${String(port)}, '127.0.0.1', () => count++).unref();
    setTimeout(() => { console.log(count); process.exit(); }, 500);`;
  return Number(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout);
}

it.each([
  { name: 'an address', adopt: false },
  { name: 'a descriptor', adopt: true },
])('the backlog is the one that was asked for, also of $name', async ({ adopt }) => {
  const bound = adopt ? BoundSocket.bind({ ...loopback, ipv6Only: true }) : undefined;
  const target = bound === undefined ? loopback : { fd: bound.fd };
  const { port } = await open({ ...target, backlog: 1 });
  // The kernel lets one more wait than the backlog says.
  expect(connectedUnaccepted(port)).toBeLessThanOrEqual(2);
});

it('the package for socket options is not loaded where nothing is to be set', async () => {
  const provide = vi.fn(() => undefined);
  const options = { rcvbuf: undefined, sndbuf: undefined, keepalive: undefined };
  await open({ ...loopback, options }, provide);
  expect(provide).not.toHaveBeenCalled();
});
