import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection, type Receiver } from '../../src/net/connection.js';
import { Listener } from '../../src/net/listener.js';
import { linger } from '../../src/net/linger.js';
import { bulkThreshold } from '../../src/net/read-buffer.js';
import { Relay, type RelayEnd } from '../../src/net/relay.js';
import { Sweep } from '../../src/net/sweep.js';

const mebibyte = Buffer.alloc(1024 * 1024, 'postern');

/** A front whose every client is relayed to one backend. */
class Front {
  readonly sweep = new Sweep();
  readonly ends: RelayEnd[] = [];
  readonly backends: Socket[] = [];
  readonly clients: Socket[] = [];
  idleMs = 60_000;
  #backend: Server | undefined;
  #listener: Listener | undefined;
  #ended: (() => void) | undefined;

  async start(serve: (socket: Socket) => void): Promise<void> {
    this.#backend = createServer({ allowHalfOpen: true }, (socket) => {
      this.backends.push(socket);
      socket.on('error', () => undefined);
      serve(socket);
    }).listen(0, '127.0.0.1');
    await once(this.#backend, 'listening');
    const { port } = this.#backend.address() as AddressInfo;
    this.#listener = await Listener.open(
      { host: '127.0.0.1', port: 0, backlog: 511, ipv6Only: false },
      {
        accepted: (client) => {
          this.#relay(client, port);
        },
        failed: (error) => {
          throw error;
        },
      },
    );
  }

  #relay(client: Connection, port: number): void {
    const early: Receiver = {
      received: () => undefined,
      ended: () => undefined,
      closed: () => undefined,
    };
    client.receiver = early;
    client.stop();
    Connection.open({ host: '127.0.0.1', port }, early, (backend) => {
      new Relay(client, backend, this.sweep, {
        idleMs: this.idleMs,
        owner: {
          relayEnded: (end) => {
            this.ends.push(end);
            linger(client, this.sweep);
            linger(backend, this.sweep);
            this.#ended?.();
          },
        },
      }).start();
    });
  }

  async client(): Promise<Socket> {
    const address = this.#listener?.address;
    if (address === undefined || 'path' in address) throw new TypeError('no port');
    const socket = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    this.clients.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  ended(): Promise<void> {
    return new Promise((resolve) => {
      if (this.ends.length > 0) resolve();
      this.#ended = resolve;
    });
  }

  async stop(): Promise<void> {
    for (const socket of [...this.clients, ...this.backends]) socket.destroy();
    await this.#listener?.close();
    await new Promise((resolve) => this.#backend?.close(resolve));
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

function shaOf(pieces: number): string {
  const hash = createHash('sha256');
  for (let i = 0; i < pieces; i += 1) hash.update(mebibyte);
  return hash.digest('hex');
}

async function pour(socket: Socket, pieces: number): Promise<void> {
  for (let i = 0; i < pieces; i += 1) {
    if (!socket.write(mebibyte)) await once(socket, 'drain');
  }
  socket.end();
}

describe('relay', () => {
  let front: Front;
  beforeEach(() => {
    front = new Front();
  });
  afterEach(() => front.stop());

  it('delivers every byte of a large download in order and ends when the backend does', async () => {
    await front.start((socket) => void pour(socket, 40));
    const client = await front.client();
    expect(await digest(client)).toEqual({ length: 40 * mebibyte.length, sha: shaOf(40) });
    await front.ended();
    expect(front.ends).toEqual(['done']);
  });

  it('delivers every byte of a large upload, then passes the half-close on', async () => {
    let result: Promise<{ readonly length: number; readonly sha: string }> | undefined;
    await front.start((socket) => {
      result = digest(socket).then((sum) => {
        socket.end('taken');
        return sum;
      });
    });
    const client = await front.client();
    void pour(client, 40);
    const answer: Buffer[] = [];
    for await (const chunk of client as AsyncIterable<Buffer>) answer.push(chunk);
    expect(Buffer.concat(answer).toString()).toBe('taken');
    expect(await result).toEqual({ length: 40 * mebibyte.length, sha: shaOf(40) });
  });

  it('moves both directions at once without mixing them', async () => {
    let result: Promise<{ readonly length: number; readonly sha: string }> | undefined;
    await front.start((socket) => {
      result = digest(socket);
      void pour(socket, 20);
    });
    const client = await front.client();
    void pour(client, 20);
    expect(await digest(client)).toEqual({ length: 20 * mebibyte.length, sha: shaOf(20) });
    expect((await result)?.length).toBeGreaterThan(0);
  });

  it('keeps the order of short and bulk pieces, and delivers the last one before the end', async () => {
    const sizes = [1, 7, bulkThreshold - 1, bulkThreshold, bulkThreshold + 1, 3 * bulkThreshold];
    const pieces = Array.from({ length: 600 }, (_, i) =>
      randomBytes(sizes[(i + (i >> 3)) % sizes.length] ?? 1),
    );
    await front.start((socket) => {
      void (async () => {
        for (const [i, piece] of pieces.entries()) {
          if (!socket.write(piece)) await once(socket, 'drain');
          if (i % 3 > 0) await nextTurn();
        }
        socket.end('last');
      })();
    });
    const client = await front.client();
    const taken: Buffer[] = [];
    for await (const chunk of client as AsyncIterable<Buffer>) {
      taken.push(chunk);
      if (taken.length % 8 === 0) for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    }
    expect(Buffer.concat(taken).equals(Buffer.concat([...pieces, Buffer.from('last')]))).toBe(true);
  });

  it('does not read on while the client does not take its bytes', async () => {
    let accepted = 0;
    const full = new Promise<void>((resolve) => {
      void front.start((socket) => {
        const push = (): void => {
          while (socket.write(mebibyte)) accepted += 1;
          accepted += 1;
          if (socket.writableLength > 8 * mebibyte.length) resolve();
          else setImmediate(push);
        };
        push();
      });
    });
    await new Promise((resolve) => setImmediate(resolve));
    const client = await front.client();
    client.pause();
    await full;
    expect(client.bytesRead).toBeLessThan(accepted * mebibyte.length);
  });

  it('ends a session whose client vanishes, and closes the backend', async () => {
    const backendClosed = new Promise<void>((resolve) => {
      void front.start((socket) => {
        socket.on('data', () => front.clients[0]?.resetAndDestroy());
        socket.on('end', () => socket.end());
        socket.on('close', resolve);
      });
    });
    await new Promise((resolve) => setImmediate(resolve));
    const client = await front.client();
    client.write('x');
    await backendClosed;
    await front.ended();
    expect(front.ends).toHaveLength(1);
  });

  it('ends a session without traffic after its idle time', async () => {
    front.idleMs = 200;
    await front.start((socket) => socket.resume());
    const client = await front.client();
    client.resume();
    await once(client, 'end');
    expect(front.ends).toEqual(['timeout']);
  });

  it('lives as long as the backend alone sends', async () => {
    front.idleMs = 400;
    await front.start((socket) => {
      let sent = 0;
      const beat = setInterval(() => {
        sent += 1;
        socket.write('x');
        if (sent < 12) return;
        clearInterval(beat);
        socket.end();
      }, 100);
    });
    const client = await front.client();
    expect((await digest(client)).length).toBe(12);
    expect(front.ends).toEqual(['done']);
  });

  it('ends a session soon whose client has finished and whose backend says no more', async () => {
    await front.start((socket) => socket.resume());
    const client = await front.client();
    client.resume();
    client.end();
    await once(client, 'end');
    expect(front.ends).toEqual(['done']);
  });

  it('keeps sessions apart that move bulk through borrowed buffers at the same time', async () => {
    await front.start((socket) => {
      socket.once('data', (mark: Buffer) => {
        const piece = Buffer.alloc(256 * 1024, mark);
        for (let i = 0; i < 16; i += 1) socket.write(piece);
        socket.end();
      });
    });
    const marks = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const texts = await Promise.all(
      marks.map(async (mark) => {
        const client = await front.client();
        client.write(mark);
        let wrong = 0;
        let length = 0;
        for await (const chunk of client as AsyncIterable<Buffer>) {
          length += chunk.length;
          if (!chunk.equals(Buffer.alloc(chunk.length, mark))) wrong += 1;
        }
        return { wrong, length };
      }),
    );
    expect(texts).toEqual(marks.map(() => ({ wrong: 0, length: 4 * 1024 * 1024 })));
  });
});
