/** What strangers send where a ClientHello belongs. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, Front, nextText, serverOptions } from './tls-peers.js';

const bytes16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);

const sized = (...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([bytes16(body.length), body]);
};

const extension = (type: number, body: Uint8Array): Buffer =>
  Buffer.concat([bytes16(type), sized(body)]);

const serverName = (name: Uint8Array): Buffer =>
  extension(0, sized(Buffer.concat([Buffer.of(0), sized(name)])));

const alpn = (names: readonly Uint8Array[]): Buffer =>
  extension(
    16,
    sized(...names.map((name) => Buffer.concat([Buffer.of(name.length & 0xff), name]))),
  );

const record = (type: number, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(type, 3, 1), sized(body)]);

/** A ClientHello of TLS 1.2 with these extensions, in records of at most `piece` bytes. */
function hello(extensions: readonly Uint8Array[], piece = 16_384): Buffer {
  const body = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32, 7),
    Buffer.of(0),
    sized(Buffer.of(0xc0, 0x2b, 0xc0, 0x2f)),
    Buffer.of(1, 0),
    sized(
      extension(10, sized(Buffer.of(0, 0x17))),
      extension(13, sized(Buffer.of(4, 3))),
      ...extensions,
    ),
  ]);
  const message = Buffer.concat([Buffer.of(1, 0), bytes16(body.length), body]);
  const pieces: Buffer[] = [];
  for (let at = 0; at < message.length; at += piece) {
    pieces.push(record(0x16, message.subarray(at, at + piece)));
  }
  return Buffer.concat(pieces);
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

const oddNames = [
  ascii(''),
  ascii('a'.repeat(255)),
  ascii('\0'),
  ascii('xn--'),
  ascii('127.0.0.1'),
  ascii('[::1]'),
  ascii('a'.repeat(20_000)),
  ascii('__proto__'),
  ascii('mail.example\r\n'),
];

const oddHellos: readonly { readonly name: string; readonly bytes: Buffer }[] = [
  ...oddNames.map((name) => ({
    name: `SNI of ${String(name.length)} bytes: ${JSON.stringify(name.toString().slice(0, 20))}`,
    bytes: hello([serverName(name)]),
  })),
  { name: 'an ALPN list of no name', bytes: hello([alpn([])]) },
  { name: 'an ALPN name of no byte', bytes: hello([alpn([ascii('')])]) },
  { name: 'an ALPN name of one byte', bytes: hello([alpn([ascii('i')])]) },
  { name: 'an ALPN name of 255 bytes', bytes: hello([alpn([ascii('i'.repeat(255))])]) },
  {
    name: '255 ALPN names',
    bytes: hello([alpn(Array.from({ length: 255 }, (_, i) => ascii(`p${String(i)}`)))]),
  },
  { name: '60 KiB of extensions', bytes: hello([extension(0xfafa, Buffer.alloc(60_000))]) },
  {
    name: 'more extensions than the length says',
    bytes: hello([bytes16(0xfafa), bytes16(0xffff)]),
  },
  { name: 'records of one byte', bytes: hello([serverName(ascii('mail.example'))], 1) },
  {
    name: 'empty records first',
    bytes: Buffer.concat([record(0x16, Buffer.of()), record(0x16, Buffer.of()), hello([])]),
  },
  {
    name: 'nothing but empty records',
    bytes: Buffer.concat(Array(64).fill(record(0x16, Buffer.of()))),
  },
  { name: 'a record of 65535 bytes', bytes: Buffer.of(0x16, 3, 1, 0xff, 0xff, 1, 0, 0) },
  {
    name: 'a hello of SSLv2',
    bytes: Buffer.of(0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80),
  },
  { name: 'HTTP', bytes: ascii('GET / HTTP/1.1\r\nHost: x\r\n\r\n') },
  { name: 'IMAP in the clear', bytes: ascii('a LOGIN u p\r\n') },
  { name: 'an alert', bytes: record(0x15, Buffer.of(2, 40)) },
  { name: 'application data', bytes: record(0x17, Buffer.alloc(64)) },
  { name: 'a change of cipher', bytes: record(0x14, Buffer.of(1)) },
  { name: 'the first byte alone', bytes: Buffer.of(0x16) },
  { name: 'nothing', bytes: Buffer.of() },
];

let front: Front;
const uncaught: unknown[] = [];
const note = (error: unknown): void => {
  uncaught.push(error);
};

beforeEach(() => {
  front = new Front();
  process.on('uncaughtExceptionMonitor', note);
});
afterEach(async () => {
  process.off('uncaughtExceptionMonitor', note);
  await front.stop();
});

/** Sends bytes and FIN; resolves when the server has closed. */
async function knock(port: number, bytes: Uint8Array): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.resume();
  socket.end(bytes);
  await once(socket, 'close');
}

/** A choice of context as a careless module would make it. */
const contextFor = (name: string) => {
  if (name.length > 100) throw new TypeError('too long');
  return name === 'mail.example' ? contextOf('other') : undefined;
};

describe('an odd first message fails one connection, once', () => {
  it.each(oddHellos)('B6: $name', async ({ bytes }) => {
    await front.start(serverOptions({ contextFor }));
    await knock(front.port, bytes);
    const record = await front.record();
    await record.until(() => record.closes.length === 1);
    expect(record.dones).toHaveLength(1);
    expect(record.dones[0]?.message).toMatch(
      /^(SSL_do_handshake\(\) failed|peer closed connection in SSL handshake)/,
    );
  });

  it(
    'B5: ten thousand of them, and a client among them is served',
    { timeout: 60_000 },
    async () => {
      const options = serverOptions({ contextFor });
      let dones = 0;
      let closes = 0;
      await front.listen((record) => {
        record.connection.secure(options, () => {
          dones += 1;
        });
        record.connection.receiver = {
          received: () => undefined,
          ended: () => undefined,
          closed: () => {
            closes += 1;
          },
        };
        front.records.length = 0;
      });
      let next = 0;
      const knocking = async (): Promise<void> => {
        while (next < 10_000) {
          const odd = oddHellos[next % oddHellos.length];
          next += 1;
          await knock(front.port, odd?.bytes ?? Buffer.of());
        }
      };
      await Promise.all(Array.from({ length: 32 }, knocking));
      while (closes < 10_000) await new Promise((resolve) => setImmediate(resolve));
      expect(dones).toBe(10_000);
      expect(uncaught).toEqual([]);
      const client = await front.tlsClient();
      await once(client, 'secureConnect');
      client.destroy();
    },
  );
});

describe('a handshake in small pieces', () => {
  it('works byte by byte', async () => {
    await front.start(serverOptions());
    const socket = await front.client();
    const drip = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        const writeFrom = (at: number): void => {
          if (at === chunk.length) done();
          else socket.write(chunk.subarray(at, at + 1), () => writeFrom(at + 1));
        };
        writeFrom(0);
      },
    });
    socket.on('data', (bytes) => drip.push(bytes));
    const client = tlsConnect({ socket: drip, rejectUnauthorized: false });
    expect(await nextText(client)).toBe('hello\r\n');
    client.destroy();
  });
});
