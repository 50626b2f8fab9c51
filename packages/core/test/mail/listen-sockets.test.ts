import { connectClient } from '@postern/testkit';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, type Server } from '../../src/index.js';
import { toy } from './toy-protocol.js';

const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/** A server for each list of `listen` lines, with what they log. */
async function prepare(...servers: readonly (readonly string[])[]) {
  const log: string[] = [];
  const blocks = servers.map((lines) => {
    return `server { protocol toy; ${lines.map((line) => `listen ${line};`).join(' ')} }`;
  });
  const server = await createServer({
    modules: [toy],
    config: `events {} mail { auth_http 127.0.0.1:1; ${blocks.join('\n')} }`,
    onLog: (line) => log.push(line.slice(line.indexOf('['))),
    logLevel: 'info',
  });
  cleanUp.push(() => server.close());
  return { server, log };
}

async function start(...servers: readonly (readonly string[])[]) {
  const prepared = await prepare(...servers);
  await prepared.server.listen();
  return prepared;
}

/** A port that is free on all addresses. */
async function freePort(): Promise<number> {
  const probe = createTcpServer().listen(0);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** The path of a socket whose folder is not there. */
const nowhere = join(tmpdir(), 'no-such-folder', 'socket');

it('says what is missing where the folder of a socket is not there', async () => {
  const { server } = await prepare([`unix:${nowhere}`]);
  await expect(server.listen()).rejects.toThrow(
    `bind() to unix:${nowhere} failed (2: No such file or directory)`,
  );
});

/** Connects, and tells the address whose server took the client. */
async function takerOf(log: readonly string[], target: Parameters<typeof connectClient>[0]) {
  const client = await connectClient(target);
  await client.expect('hello');
  await client.close();
  const line = log.filter((each) => each.includes(' connected to ')).at(-1) ?? '';
  return line.slice(line.indexOf(' connected to ') + ' connected to '.length);
}

describe('which server takes a client', () => {
  it('a wildcard takes what no address of the port is for', async () => {
    const port = await freePort();
    const { server, log } = await start(
      [`127.0.0.1:${port}`],
      [`*:${port}`],
      [`127.0.0.2:${port}`],
    );
    expect(server.addresses).toEqual([`0.0.0.0:${port}`]);
    for (const host of ['127.0.0.1', '127.0.0.2']) {
      expect(await takerOf(log, { host, port })).toBe(`${host}:${port}`);
    }
    expect(await takerOf(log, { host: '127.0.0.3', port })).toBe(`0.0.0.0:${port}`);
  });

  it('without a wildcard each address has a socket, and others are refused', async () => {
    const port = await freePort();
    const { server, log } = await start([`127.0.0.1:${port}`], [`127.0.0.2:${port} bind`]);
    expect(server.addresses).toEqual([`127.0.0.2:${port}`, `127.0.0.1:${port}`]);
    expect(await takerOf(log, { host: '127.0.0.2', port })).toBe(`127.0.0.2:${port}`);
    await expect(connectClient({ host: '127.0.0.3', port })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  it('an IPv6 wildcard with ipv6only=off takes IPv4 clients by their mapped address', async () => {
    const port = await freePort();
    const { log } = await start(
      [`[::]:${port} ipv6only=off`],
      [`[::ffff:127.0.0.2]:${port}`],
      [`[::1]:${port}`],
    );
    expect(await takerOf(log, { host: '::1', port })).toBe(`[::1]:${port}`);
    expect(await takerOf(log, { host: '127.0.0.1', port })).toBe(`[::]:${port}`);
    expect(await takerOf(log, { host: '127.0.0.2', port })).toBe(`[::ffff:127.0.0.2]:${port}`);
  });

  it('both families share a port where each keeps to itself', async () => {
    const port = await freePort();
    const { log } = await start([`*:${port}`], [`[::]:${port}`]);
    expect(await takerOf(log, { host: '127.0.0.1', port })).toBe(`0.0.0.0:${port}`);
    expect(await takerOf(log, { host: '::1', port })).toBe(`[::]:${port}`);
  });
});

describe('what cannot be bound', () => {
  it('a wildcard beside an address with bind is tried five times', async () => {
    const port = await freePort();
    const { server, log } = await prepare([`*:${port}`, `127.0.0.3:${port} bind`]);
    await expect(server.listen()).rejects.toThrow('still could not bind()');
    const failure = `bind() to 0.0.0.0:${port} failed (98: Address already in use)`;
    expect(log.filter((line) => line.startsWith('[emerg]') && line.includes(failure))).toHaveLength(
      5,
    );
    await expect(connectClient({ host: '127.0.0.3', port })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  it('each of several busy addresses is told in each of the five rounds', async () => {
    const busy = createTcpServer().listen(0, '127.0.0.1');
    const other = createTcpServer().listen(0, '127.0.0.1');
    await Promise.all([once(busy, 'listening'), once(other, 'listening')]);
    const ports = [busy, other].map((one) => (one.address() as AddressInfo).port);
    const free = await freePort();
    const { server, log } = await prepare([
      `127.0.0.1:${ports[0]}`,
      `127.0.0.1:${free}`,
      `127.0.0.1:${ports[1]}`,
    ]);
    await expect(server.listen()).rejects.toThrow('still could not bind()');
    const failed = ports.map((port) => `[emerg] bind() to 127.0.0.1:${port} failed`);
    const round = [...failed, '[notice] try again to bind() after 500ms'];
    const told = log.map((line) => line.replace(/ \d+#0:| \(98.*/g, ''));
    expect(told).toEqual(Array.from({ length: 5 }, () => round).flat());
    await expect(connectClient({ host: '127.0.0.1', port: free })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    busy.close();
    other.close();
  });

  it.each([
    { lines: [['1143', '*:1143']], text: '0.0.0.0:1143' },
    { lines: [['0.0.0.0:1143'], ['1142-1144']], text: '0.0.0.0:1143' },
    { lines: [['unix:/a'], ['UNIX:/a']], text: 'unix:/a' },
    { lines: [['[::1]:1025'], ['[0::1]:1025']], text: '[::1]:1025' },
  ])('$text is refused the second time', async ({ lines, text }) => {
    const opening = prepare(...lines).then(({ server }: { server: Server }) => server.listen());
    await expect(opening).rejects.toThrow(`duplicate "${text}" address and port pair`);
  });
});

describe('settings of mail', () => {
  it('count for a server that stands before them', async () => {
    const server = await createServer({
      modules: [toy],
      config: `events {} mail {
        server { listen 127.0.0.1; protocol toy; }
        auth_http 127.0.0.1:1;
        max_errors 1;
      }`,
    });
    cleanUp.push(() => server.close());
    await server.listen();
    const port = Number(server.addresses[0]?.split(':')[1]);
    const client = await connectClient({ host: '127.0.0.1', port });
    await client.expect('hello');
    await client.send('NONSENSE\r\n');
    // It ends: one wrong command is too many.
    await client.readToEnd();
    expect(server.sessions.waiting).toBe(0);
  });
});

describe('a UNIX-domain socket', () => {
  it('is open to everybody, takes clients, and goes at the end', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'postern-'));
    cleanUp.push(() => rm(directory, { recursive: true }));
    const path = join(directory, 's');
    const { server, log } = await start([`unix:${path}`]);
    expect((await stat(path)).mode & 0o777).toBe(0o666);
    expect(await takerOf(log, path)).toBe(`unix:${path}`);
    await server.close();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
