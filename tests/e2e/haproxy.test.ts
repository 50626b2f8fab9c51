/** PROXY headers against HAProxy, whose protocol it is: as the balancer in front, and as the server behind. */
import { createServer, type Server } from '@postern/core';
import { imap } from '@postern/mail-imap';
import {
  acceptLogin,
  connectClient,
  startAuthServer,
  startScriptedBackend,
  type AuthServer,
  type ScriptedBackend,
  type ScriptedPeer,
} from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { startHaproxy, type HaproxyOptions } from './haproxy.js';

const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

interface Started {
  readonly port: number;
  readonly auth: AuthServer;
  readonly log: readonly string[];
}

/** Starts postern in this process. Logins go to `backendPort`. */
async function startPostern(
  backendPort: number,
  { listen = '127.0.0.1', directives = '' } = {},
): Promise<Started> {
  const auth = await startAuthServer(() => acceptLogin(backendPort));
  cleanUp.push(() => auth.close());
  const log: string[] = [];
  const server: Server = await createServer({
    modules: [imap],
    config: `events {} mail { auth_http 127.0.0.1:${String(auth.port)}; ${directives}
      server { listen ${listen}; protocol imap; } }`,
    onLog: (line) => log.push(line),
  });
  await server.listen();
  cleanUp.push(() => server.close());
  const [address = ''] = server.addresses;
  return { port: Number(address.slice(address.lastIndexOf(':') + 1)), auth, log };
}

async function balance(options: HaproxyOptions) {
  const haproxy = await startHaproxy(options);
  cleanUp.push(() => haproxy.stop());
  return haproxy;
}

async function startBackend(before?: (proxy: ScriptedPeer) => Promise<void>) {
  const backend: ScriptedBackend = await startScriptedBackend(async (proxy) => {
    await before?.(proxy);
    await proxy.sendLine('* OK backend');
    await proxy.expect('a LOGIN "alice" "secret"');
    await proxy.sendLine('a OK welcome');
  });
  cleanUp.push(() => backend.close());
  return backend;
}

/** Logs in at a port of 127.0.0.1, coming from `localAddress`. */
async function logIn(port: number, localAddress: string): Promise<ScriptedPeer> {
  const client = await connectClient(port, { localAddress });
  cleanUp.push(() => client.close());
  await client.expect(/^\* OK IMAP4 ready$/);
  await client.sendLine('a LOGIN alice secret');
  await client.expect('a OK welcome');
  return client;
}

describe('HAProxy in front', () => {
  it.each([
    { server: 'send-proxy' },
    { server: 'send-proxy-v2' },
    { server: 'send-proxy-v2 proxy-v2-options crc32c,unique-id,authority' },
    { server: 'send-proxy-v2-ssl-cn' },
  ])('names the client by $server', async ({ server }) => {
    const backend = await startBackend();
    const { port, auth } = await startPostern(backend.port, {
      listen: '127.0.0.1 proxy_protocol',
      directives: 'set_real_ip_from 127.0.0.1;',
    });
    const haproxy = await balance({ to: port, server });
    const client = await logIn(haproxy.port, '127.0.0.9');
    const request = await auth.nextRequest();
    const told = ['Client-IP', 'Proxy-Protocol-Addr', 'Proxy-Protocol-Port'].map((name) =>
      request.header(name),
    );
    expect(told).toEqual(['127.0.0.9', '127.0.0.9', String(client.localPort)]);
    expect(request.header('Proxy-Protocol-Server-Addr')).toBe('127.0.0.1');
    expect(request.header('Proxy-Protocol-Server-Port')).toBe(String(haproxy.port));
  });

  it('K1: names nobody where it is not trusted, and is still reported', async () => {
    const backend = await startBackend();
    const { port, auth } = await startPostern(backend.port, { listen: '127.0.0.1 proxy_protocol' });
    const haproxy = await balance({ to: port, server: 'send-proxy-v2' });
    await logIn(haproxy.port, '127.0.0.9');
    const request = await auth.nextRequest();
    expect(request.header('Client-IP')).toBe('127.0.0.1');
    expect(request.header('Proxy-Protocol-Addr')).toBe('127.0.0.9');
  });

  it('K2: without a header is turned away', async () => {
    const { port, log } = await startPostern(1, { listen: '127.0.0.1 proxy_protocol' });
    const haproxy = await balance({ to: port });
    const client = await connectClient(haproxy.port);
    cleanUp.push(() => client.close());
    await client.sendLine('a NOOP');
    await client.ended;
    expect(client.received).toBe('');
    expect(log.join('\n')).toContain('broken header: "a"');
  });
});

describe('HAProxy behind', () => {
  it.each([
    { version: 'on', directives: 'proxy_protocol on;' },
    { version: 'v2', directives: 'proxy_protocol v2;' },
  ])('understands who the client is by proxy_protocol $version', async ({ directives }) => {
    const headers: string[] = [];
    const backend = await startBackend(async (proxy) => {
      headers.push(await proxy.line());
    });
    // What HAProxy understood is what it says to the next.
    const haproxy = await balance({ to: backend.port, bind: 'accept-proxy', server: 'send-proxy' });
    const { port } = await startPostern(haproxy.port, { directives });
    const client = await logIn(port, '127.0.0.9');
    const ports = `${String(client.localPort)} ${String(port)}`;
    expect(headers).toEqual([`PROXY TCP4 127.0.0.9 127.0.0.1 ${ports}`]);
    expect(backend.failures).toEqual([]);
  });

  it.each([
    { version: 'on', directives: 'proxy_protocol on;' },
    { version: 'v2', directives: 'proxy_protocol v2;' },
  ])('understands IPv6 by proxy_protocol $version', async ({ directives }) => {
    const headers: string[] = [];
    const backend = await startBackend(async (proxy) => {
      headers.push(await proxy.line());
    });
    const haproxy = await balance({ to: backend.port, bind: 'accept-proxy', server: 'send-proxy' });
    const { port } = await startPostern(haproxy.port, { listen: '[::1]', directives });
    const client = await connectClient({ host: '::1', port });
    cleanUp.push(() => client.close());
    await client.expect(/^\* OK/);
    await client.sendLine('a LOGIN alice secret');
    await client.expect('a OK welcome');
    const ports = `${String(client.localPort)} ${String(port)}`;
    expect(headers).toEqual([`PROXY TCP6 ::1 ::1 ${ports}`]);
  });
});
