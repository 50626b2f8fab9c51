import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/net/connection.js';
import { ConnectionSlots } from '../../src/net/slots.js';
import { Front, nextText, serverOptions, type Record } from './tls-peers.js';

const mebibyte = Buffer.alloc(1024 * 1024, 'postern');

/** What the peer reads up to its end. */
async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

const flushed = (connection: Connection): Promise<void> =>
  new Promise((resolve) => {
    connection.whenFlushed(resolve);
  });

describe.each(['plain', 'TLS'] as const)('a connection, %s', (kind) => {
  let front: Front;
  let client: Socket;
  let record: Record;
  let connection: Connection;
  beforeEach(async () => {
    front = new Front();
    if (kind === 'plain') {
      await front.listen((accepted) => {
        accepted.connection.send(Buffer.from('hello\r\n'));
      });
      client = await front.client();
    } else {
      await front.start(serverOptions());
      client = await front.tlsClient();
    }
    await nextText(client);
    client.pause();
    record = await front.record();
    ({ connection } = record);
  });
  afterEach(() => front.stop());

  it('calls back at once when nothing is unsent', async () => {
    await flushed(connection);
    let called = false;
    connection.whenFlushed(() => {
      called = true;
    });
    expect(called).toBe(true);
    expect(connection.unsent).toBe(0);
  });

  it('calls back, in order, when everything has left', async () => {
    const order: number[] = [];
    for (let i = 0; i < 16; i += 1) connection.send(mebibyte);
    expect(connection.flushed).toBe(false);
    expect(connection.unsent).toBeGreaterThan(0);
    connection.whenFlushed(() => order.push(1, connection.unsent));
    connection.whenFlushed(() => order.push(2));
    const read = readAll(client);
    client.resume();
    await flushed(connection);
    expect(order).toEqual([1, 0, 2]);
    connection.end();
    expect((await read).length).toBe(16 * mebibyte.length);
  });

  it('calls back also when it ends behind what is unsent', async () => {
    for (let i = 0; i < 16; i += 1) connection.send(mebibyte);
    const done = flushed(connection);
    connection.end();
    const read = readAll(client);
    client.resume();
    await done;
    expect((await read).length).toBe(16 * mebibyte.length);
  });

  it('calls back also when it is destroyed, and is closed once', async () => {
    for (let i = 0; i < 16; i += 1) connection.send(mebibyte);
    const done = flushed(connection);
    connection.destroy();
    connection.destroy();
    await done;
    await record.until(() => record.closes.length === 1);
    expect(connection.closed).toBe(true);
    expect(record.closes).toEqual([undefined]);
  });

  it('sends what is written in one turn in one piece', async () => {
    connection.send(Buffer.from('a'));
    connection.send(Buffer.from('b'));
    expect(connection.flushed).toBe(false);
    const piece = nextText(client);
    client.resume();
    expect(await piece).toBe('ab');
  });

  it('holds one short piece that it passes on in a turn, and writes both at the next one', async () => {
    await flushed(connection);
    connection.forward(Buffer.from('a'), connection);
    expect(connection.unsent).toBe(1);
    expect(connection.flushed).toBe(false);
    const isGone = connection.forward(Buffer.from('b'), connection);
    expect(connection.flushed).toBe(isGone);
    expect(isGone).toBe(kind === 'plain');
    const piece = nextText(client);
    client.resume();
    expect(await piece).toMatch(/^ab?$/);
  });

  // TLS may be destroyed before it has encrypted.
  const closings = kind === 'plain' ? (['end', 'destroy'] as const) : (['end'] as const);
  it.each(closings)('sends what was written before %s', async (close) => {
    connection.send(Buffer.from('last words'));
    connection[close]();
    const read = readAll(client);
    client.resume();
    expect((await read).toString()).toBe('last words');
  });

  it('reads nothing while it is stopped, and everything after', async () => {
    connection.stop();
    client.write('one');
    client.write('two', () => undefined);
    for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(record.text).toBe('');
    connection.start();
    await record.until(() => record.text === 'onetwo');
  });

  it('names both ends, takes socket options, and gives its slot back once', async () => {
    const slots = new ConnectionSlots(1);
    slots.take();
    connection.slots = slots;
    expect(connection.localAddress).toEqual({ address: '127.0.0.1', port: front.port });
    expect(connection.remoteAddress).toEqual({ address: '127.0.0.1', port: client.localPort });
    connection.keepAlive(true, 1000);
    connection.unref();
    connection.ref();
    client.resume();
    connection.reset();
    await record.until(() => record.closes.length === 1);
    expect(slots.used).toBe(0);
  });

  it('forgets who it was for when it is abandoned, and closes with its peer', async () => {
    connection.abandon();
    client.resume();
    client.end('unread');
    await once(client, 'close');
    expect(record.closes).toEqual([]);
    expect(record.text).toBe('');
  });
});
