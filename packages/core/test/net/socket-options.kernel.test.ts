/**
 * What the kernel says of sockets that were set up by the optional package `sockopt`, which has to be built for this
 * machine: run by `npm run test:peers`.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { errnoText } from '../../src/log/errno.js';
import { Connection } from '../../src/net/connection.js';
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

const sockopt = createRequire(import.meta.url)('sockopt') as SocketOptionCalls & {
  getsockopt(socket: { _handle: { fd: number } }, level: number, name: number): number;
};

/** Numbers of Linux, where the tests run. */
const known = {
  rcvbuf: [1, 8],
  sndbuf: [1, 7],
  keepalive: [1, 9],
  idle: [6, 4],
  interval: [6, 5],
  count: [6, 6],
  noDelay: [6, 1],
} as const;

type Known = keyof typeof known;

/** What the kernel says of the next socket that is accepted. */
async function acceptAndAsk(
  { accepted, port }: { readonly accepted: Accepted; readonly port: number },
  names: readonly Known[],
): Promise<readonly number[]> {
  const accept = vi.spyOn(Connection, 'accept');
  cleanUp.push(() => {
    accept.mockRestore();
  });
  await client({ port });
  await acceptedFrom(accepted);
  const handle = accept.mock.lastCall?.[0] as { readonly fd: number };
  return names.map((name) => {
    const [level, number] = known[name];
    return sockopt.getsockopt({ _handle: handle }, level, number);
  });
}

describe('socket options', () => {
  const system = (name: string): number =>
    Number(readFileSync(`/proc/sys/net/ipv4/tcp_keepalive_${name}`));
  const none = { rcvbuf: undefined, sndbuf: undefined, keepalive: undefined };
  const keepalive = { on: true, idleSeconds: 0, intervalSeconds: 0, count: 0 };

  it.each([
    {
      name: 'rcvbuf, doubled by Linux',
      options: { ...none, rcvbuf: 20_000 },
      says: { rcvbuf: 40_000 },
    },
    {
      name: 'sndbuf, doubled by Linux',
      options: { ...none, sndbuf: 30_000 },
      says: { sndbuf: 60_000 },
    },
    {
      name: 'so_keepalive=off',
      options: { ...none, keepalive: { ...keepalive, on: false } },
      says: { keepalive: 0 },
    },
    {
      name: 'so_keepalive=on, with the times of the system',
      options: { ...none, keepalive },
      says: {
        keepalive: 1,
        idle: system('time'),
        interval: system('intvl'),
        count: system('probes'),
      },
    },
    {
      name: "so_keepalive=30m::10, whose interval is the system's",
      options: { ...none, keepalive: { ...keepalive, idleSeconds: 1800, count: 10 } },
      says: { keepalive: 1, idle: 1800, interval: system('intvl'), count: 10 },
    },
    {
      name: 'so_keepalive=60:7:3',
      options: {
        ...none,
        keepalive: { on: true, idleSeconds: 60, intervalSeconds: 7, count: 3 },
      },
      says: { keepalive: 1, idle: 60, interval: 7, count: 3 },
    },
  ])('accepted sockets have $name', async ({ options, says }) => {
    const names = Object.keys(says) as (keyof typeof known)[];
    const opened = await open({ ...loopback, options });
    expect(opened.listener.refused).toEqual([]);
    expect(await acceptAndAsk(opened, names)).toEqual(Object.values(says));
  });

  it('accepted sockets send at once, with or without options', async () => {
    expect(await acceptAndAsk(await open(loopback), ['noDelay'])).toEqual([1]);
    const opened = await open({ ...loopback, options: { ...none, rcvbuf: 20_000 } });
    expect(await acceptAndAsk(opened, ['noDelay'])).toEqual([1]);
  });

  it('what the system refuses is told by call and number, and the socket listens', async () => {
    const path = join(await scratch(), 's');
    const options = { ...none, keepalive: { ...keepalive, idleSeconds: 9 } };
    const { listener } = await open({ path, backlog: 511, options });
    expect(listener.refused.map(({ call, error }) => [call, errnoText(error)])).toEqual([
      ['setsockopt(TCP_KEEPIDLE, 9)', '95: Operation not supported'],
    ]);
    await client({ path });
  });

  it('without the package keepalive is set on each connection, as far as the runtime can', async () => {
    const options = { ...none, rcvbuf: 20_000, keepalive: { ...keepalive, idleSeconds: 77 } };
    const opened = await open({ ...loopback, options }, () => undefined);
    expect(opened.listener.refused).toEqual([]);
    const [on, idle, rcvbuf] = await acceptAndAsk(opened, ['keepalive', 'idle', 'rcvbuf']);
    expect([on, idle]).toEqual([1, 77]);
    expect(rcvbuf).not.toBe(40_000);
  });

  it('without the package so_keepalive=on probes after two hours, as systems do', async () => {
    const opened = await open({ ...loopback, options: { ...none, keepalive } }, () => undefined);
    expect(await acceptAndAsk(opened, ['keepalive', 'idle'])).toEqual([1, 7200]);
  });
});
