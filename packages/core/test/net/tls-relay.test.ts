/** Bytes through a relay with TLS on one side or both. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer as createNetServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../src/net/connection.js';
import { linger } from '../../src/net/linger.js';
import { Relay, type RelayEnd } from '../../src/net/relay.js';
import { Sweep } from '../../src/net/sweep.js';
import { contextOf, fixture, Front, serverOptions, type Record } from './tls-peers.js';

const mebibyte = Buffer.alloc(1024 * 1024, 'postern');
const pieces = 20;

interface Sides {
  readonly clientTls: boolean;
  readonly backendTls: boolean;
}

const sides: readonly (Sides & { readonly name: string })[] = [
  { name: 'TLS client, plain backend', clientTls: true, backendTls: false },
  { name: 'plain client, TLS backend', clientTls: false, backendTls: true },
  { name: 'TLS on both sides', clientTls: true, backendTls: true },
];

/** A proxy without protocol. */
class Proxy {
  readonly front = new Front();
  readonly sweep = new Sweep();
  readonly ends: RelayEnd[] = [];
  readonly sockets: Socket[] = [];
  readonly #tls = serverOptions();
  #backend: Server | undefined;
  /** The connections of the only session. */
  client: Connection | undefined;
  backend: Connection | undefined;

  async start({ clientTls, backendTls }: Sides, serve: (socket: Socket) => void): Promise<void> {
    const take = (socket: Socket): void => {
      socket.on('error', () => undefined);
      this.sockets.push(socket);
      serve(socket);
    };
    const options = {
      allowHalfOpen: true,
      cert: fixture('server.crt'),
      key: fixture('server.key'),
    };
    const server = backendTls ? createServer(options, take) : createNetServer(options, take);
    this.#backend = server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await this.front.listen((record) => {
      const dial = (): void => {
        this.#dial(record, port, backendTls);
      };
      record.onSecured = dial;
      if (clientTls) record.connection.secure(this.#tls, record.done);
      else dial();
    });
  }

  #dial(client: Record, port: number, backendTls: boolean): void {
    client.connection.stop();
    const relay = (backend: Connection): void => {
      this.client = client.connection;
      this.backend = backend;
      new Relay(client.connection, backend, this.sweep, {
        idleMs: 60_000,
        owner: {
          relayEnded: (end) => {
            this.ends.push(end);
            linger(client.connection, this.sweep);
            linger(backend, this.sweep);
          },
        },
      }).start();
    };
    const early = { received: () => undefined, ended: () => undefined, closed: () => undefined };
    Connection.open({ host: '127.0.0.1', port }, early, (backend) => {
      if (!backendTls) {
        relay(backend);
        return;
      }
      const secureContext = contextOf('client', { ca: [fixture('authority.crt')] });
      const options = { secureContext, serverName: undefined, verifyName: 'mail.example' };
      backend.secureAsClient(options, (error) => {
        if (error === undefined) relay(backend);
      });
    });
  }

  connect(clientTls: boolean): Promise<Socket> {
    return clientTls ? this.front.tlsClient() : this.front.client();
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.client?.destroy();
    this.backend?.destroy();
    await new Promise((resolve) => this.#backend?.close(resolve));
    await this.front.stop();
    this.sweep.stop();
  }
}

async function digest(socket: Socket): Promise<{ readonly length: number; readonly sha: string }> {
  const hash = createHash('sha256');
  let length = 0;
  socket.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    length += chunk.length;
  });
  await once(socket, 'end');
  return { length, sha: hash.digest('hex') };
}

/** Sends all pieces. */
async function pour(socket: Socket): Promise<void> {
  for (let i = 0; i < pieces; i += 1) {
    if (!socket.write(mebibyte)) await once(socket, 'drain');
  }
}

const whole = (() => {
  const hash = createHash('sha256');
  for (let i = 0; i < pieces; i += 1) hash.update(mebibyte);
  return { length: pieces * mebibyte.length, sha: hash.digest('hex') };
})();

describe.each(sides)('a relay, $name', (chosen) => {
  let proxy: Proxy;
  beforeEach(() => {
    proxy = new Proxy();
  });
  afterEach(() => proxy.stop());

  it('delivers every byte of a large download and ends when the backend does', async () => {
    await proxy.start(chosen, (socket) => void pour(socket).then(() => socket.end()));
    const client = await proxy.connect(chosen.clientTls);
    expect(await digest(client)).toEqual(whole);
    client.destroy();
    expect(proxy.ends).toEqual(['done']);
  });

  it('delivers every byte of a large upload, then passes the half-close on', async () => {
    let taken: Promise<unknown> | undefined;
    await proxy.start(chosen, (socket) => {
      taken = digest(socket).then((sum) => {
        socket.end('taken');
        return sum;
      });
    });
    const client = await proxy.connect(chosen.clientTls);
    void pour(client).then(() => client.end());
    const answer: Buffer[] = [];
    for await (const chunk of client as AsyncIterable<Buffer>) answer.push(chunk);
    expect(Buffer.concat(answer).toString()).toBe('taken');
    expect(await taken).toEqual(whole);
  });

  it('moves both directions at once without mixing them', async () => {
    let taken: Promise<unknown> | undefined;
    await proxy.start(chosen, (socket) => {
      taken = digest(socket);
      void Promise.all([taken, pour(socket)]).then(() => socket.end());
    });
    const client = await proxy.connect(chosen.clientTls);
    void pour(client).then(() => client.end());
    expect(await digest(client)).toEqual(whole);
    expect(await taken).toEqual(whole);
  });

  it('holds little while the client does not read', async () => {
    let sent = 0;
    await proxy.start(chosen, (socket) => {
      const push = (): void => {
        while (sent < 64 && socket.write(mebibyte)) sent += 1;
        sent += 1;
        if (sent < 64) socket.once('drain', push);
        else socket.end();
      };
      push();
    });
    const client = await proxy.connect(chosen.clientTls);
    client.pause();
    const isStuck = (): boolean => (proxy.client?.unsent ?? 0) > 0 && settled > 200;
    let settled = 0;
    let last = -1;
    while (!isStuck()) {
      await new Promise((resolve) => setImmediate(resolve));
      settled = sent === last ? settled + 1 : 0;
      last = sent;
    }
    expect(sent).toBeLessThan(64);
    expect(proxy.client?.unsent).toBeLessThanOrEqual(256 * 1024);
    const sum = digest(client);
    client.resume();
    expect((await sum).length).toBeGreaterThanOrEqual(64 * mebibyte.length);
  });

  it('ends a session, once, whose client vanishes in the middle', async () => {
    const backendGone = new Promise<void>((resolve) => {
      void proxy.start(chosen, (socket) => {
        socket.on('close', resolve);
        socket.on('end', () => socket.end());
        socket.resume();
        const push = (): void => {
          while (socket.writable && socket.write(mebibyte));
          socket.once('drain', push);
        };
        push();
      });
    });
    while (!proxy.front.isListening) await new Promise((resolve) => setImmediate(resolve));
    const client = await proxy.connect(chosen.clientTls);
    await once(client, 'data');
    proxy.front.resetClients();
    await backendGone;
    expect(proxy.ends).toEqual(['broken']);
  });
});
