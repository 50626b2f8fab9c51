import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BoundSocket } from '../../src/net/bound-socket.js';

const bound: BoundSocket[] = [];

afterEach(() => {
  for (const socket of bound.splice(0)) socket.close();
});

function bind(...place: Parameters<typeof BoundSocket.bind>): BoundSocket {
  const socket = BoundSocket.bind(...place);
  bound.push(socket);
  return socket;
}

describe('a bound socket', () => {
  it.each([
    { name: 'IPv4', host: '127.0.0.1', text: /^127\.0\.0\.1:\d+$/ },
    { name: 'IPv6', host: '::1', text: /^\[::1\]:\d+$/ },
  ])('has an address and a number: $name', ({ host, text }) => {
    const socket = bind({ host, port: 0, ipv6Only: true });
    expect(socket.name).toMatch(text);
    expect(socket.fd).toBeGreaterThan(2);
    expect(socket.origin).toBe('here');
  });

  it('lets others listen, and accepts nothing itself', async () => {
    const socket = bind({ host: '127.0.0.1', port: 0, ipv6Only: true });
    const server = createServer().listen({ fd: socket.fd });
    await once(server, 'listening');
    expect(server.address()).toMatchObject({ port: Number(socket.name.split(':')[1]) });
    bound.splice(0);
    server.close();
    await once(server, 'close');
  });

  it('of a path makes its file, which goes with it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'bound-'));
    const path = join(directory, 'socket');
    const socket = bind({ path });
    expect(existsSync(path)).toBe(true);
    expect(socket.name).toBe(`unix:${path}`);
    socket.close();
    expect(existsSync(path)).toBe(false);
    rmSync(directory, { recursive: true });
  });
});

describe('binding', () => {
  it('tells at once of an address on which somebody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const place = { host: '127.0.0.1', port, ipv6Only: true };
    expect(() => bind(place)).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
    server.close();
    await once(server, 'close');
  });

  it.each([
    {
      name: 'an address of another machine',
      place: { host: '192.0.2.1', port: 0, ipv6Only: true },
      code: 'EADDRNOTAVAIL',
    },
    {
      name: 'a path in no directory, as the system has it',
      place: { path: '/no/such/directory/socket' },
      code: 'ENOENT',
    },
  ])('tells of $name', ({ place, code }) => {
    expect(() => bind(place)).toThrow(expect.objectContaining({ code }));
  });
});
