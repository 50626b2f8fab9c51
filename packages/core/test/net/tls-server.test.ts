import { once } from 'node:events';
import { connect, type SecureVersion } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/net/connection.js';
import { linger } from '../../src/net/linger.js';
import { ConnectionSlots } from '../../src/net/slots.js';
import { Sweep } from '../../src/net/sweep.js';
import { contextOf, Front, nextText, serverOptions, type Way } from './tls-peers.js';

const cases: readonly { readonly version: SecureVersion; readonly way: Way }[] = [
  { version: 'TLSv1.2', way: 'implicit' },
  { version: 'TLSv1.2', way: 'starttls' },
  { version: 'TLSv1.3', way: 'implicit' },
  { version: 'TLSv1.3', way: 'starttls' },
];

/** When the connection gives its slot back. */
const released = (connection: Connection): Promise<void> =>
  new Promise((resolve) => {
    class Slots extends ConnectionSlots {
      override release(): void {
        resolve();
      }
    }
    connection.slots = new Slots(1);
  });

let front: Front;
beforeEach(() => {
  front = new Front();
});
afterEach(() => front.stop());

describe.each(cases)('the server side, $version $way', ({ version, way }) => {
  const only = { minVersion: version, maxVersion: version };

  it('moves bytes both ways and says what was agreed on', async () => {
    await front.start(serverOptions(), way);
    const client = await front.tlsClient(
      { ...only, servername: 'mail.example', ALPNProtocols: ['imap'] },
      way,
    );
    expect(await nextText(client)).toBe('hello\r\n');
    const record = await front.record();
    record.text = '';
    client.write('a NOOP\r\n');
    await record.until(() => record.text === 'a NOOP\r\n');
    expect(record.connection.tls).toEqual({
      protocol: version,
      cipher: client.getCipher().name,
      serverName: 'mail.example',
      alpn: 'imap',
      resumed: false,
      peerCertificate: undefined,
      verifyError: undefined,
    });
    expect(record.dones).toEqual([undefined]);
  });

  it('gives a command that came with the end of the handshake after done', async () => {
    const order: string[] = [];
    await front.start(serverOptions(), way, (record) => {
      order.push('done');
      record.text = '';
      record.onBytes = () => order.push('bytes');
    });
    const client = await front.tlsClient(only, way);
    client.write('early\r\n');
    const record = await front.record();
    await record.until(() => record.text === 'early\r\n');
    expect(order).toEqual(['done', 'bytes']);
  });

  it('gives a command after done to the receiver that an awaiting owner has set', async () => {
    const texts: string[] = [];
    await front.start(serverOptions(), way, (record) => {
      void Promise.resolve().then(async () => {
        await Promise.resolve();
        record.connection.receiver = {
          received: (bytes) => texts.push(bytes.toString()),
          ended: (connection) => {
            connection.destroy();
          },
          closed: () => {
            record.closed(record.connection, undefined);
          },
        };
      });
    });
    const client = await front.tlsClient(only, way);
    client.end('early\r\n');
    const record = await front.record();
    await record.until(() => record.closes.length === 1);
    expect(texts.join('')).toBe('early\r\n');
  });

  it('passes a half-close on and still sends', async () => {
    await front.start(serverOptions(), way);
    const client = await front.tlsClient(only, way);
    await nextText(client);
    client.end('bye\r\n');
    const record = await front.record();
    await record.until(() => record.ends === 1);
    expect(record.connection.peerEnded).toBe(true);
    record.connection.send(Buffer.from('still here'));
    expect(await nextText(client)).toBe('still here');
    record.connection.end();
    await record.until(() => record.closes.length === 1);
    expect(record.closes).toEqual([undefined]);
  });

  it('B8: takes FIN without close_notify for the end, not for an error', async () => {
    await front.start(serverOptions(), way);
    const socket = await front.client();
    if (way === 'starttls') {
      socket.write('STARTTLS\r\n');
      await once(socket, 'data');
    }
    const client = connect({ socket, rejectUnauthorized: false, ...only });
    client.on('error', () => undefined);
    await nextText(client);
    const record = await front.record();
    socket.end();
    await record.until(() => record.ends === 1);
    record.connection.end();
    await record.until(() => record.closes.length === 1);
    expect(record.closes).toEqual([undefined]);
  });

  it('says close_notify to a client that has not finished', async () => {
    const sweep = new Sweep();
    await front.start(serverOptions(), way);
    const client = await front.tlsClient(only, way);
    await nextText(client);
    const record = await front.record();
    const bytes = front.bytesReadByClient();
    expect(record.connection.owesNothing).toBe(false);
    const gone = released(record.connection);
    linger(record.connection, sweep);
    await once(client.resume(), 'end');
    expect(front.bytesReadByClient()).toBeGreaterThan(bytes);
    client.end();
    await gone;
    sweep.stop();
  });

  it('B8: is gone soon when the client takes the last reply and says nothing', async () => {
    const sweep = new Sweep();
    await front.start(serverOptions(), way);
    const client = await front.tlsClient(only, way);
    await nextText(client);
    client.pause();
    const record = await front.record();
    record.connection.send(Buffer.from('* BYE\r\n'));
    const gone = released(record.connection);
    linger(record.connection, sweep);
    await gone;
    sweep.stop();
    expect(record.connection.closed).toBe(true);
    expect(record.connection.error).toBeUndefined();
  });

  it('ends with an error, once, when the client resets', async () => {
    await front.start(serverOptions(), way);
    const client = await front.tlsClient(only, way);
    await nextText(client);
    const record = await front.record();
    front.resetClients();
    await record.until(() => record.closes.length === 1);
    expect(record.closes[0]?.code).toBe('ECONNRESET');
    expect(record.dones).toEqual([undefined]);
  });

  it('gives a client that reads one line and leaves a session to resume', async () => {
    await front.start(serverOptions(), way);
    const resume = async (session?: Buffer): Promise<[Buffer, boolean]> => {
      const client = await front.tlsClient({ ...only, ...(session && { session }) }, way);
      let got: Buffer | undefined;
      client.on('session', (kept: Buffer) => {
        got = kept;
      });
      await nextText(client);
      client.destroy();
      if (got === undefined) throw new TypeError('no session before the first line');
      return [got, client.isSessionReused()];
    };
    const [session] = await resume();
    expect(session.length).toBeGreaterThan(0);
    const client = await front.tlsClient({ ...only, session }, way);
    await nextText(client);
    expect(client.isSessionReused()).toBe(true);
    const record = await front.record(1);
    expect(record.connection.tls?.resumed).toBe(true);
  });
});

describe('a handshake', () => {
  it('A1: drops nothing by itself and reads nothing of what the receiver was given', async () => {
    await front.start(serverOptions(), 'starttls');
    const socket = await front.client();
    socket.write('STARTTLS\r\nb NOOP\r\n');
    await once(socket, 'data');
    const client = connect({ socket, rejectUnauthorized: false });
    expect(await nextText(client)).toBe('hello\r\n');
    const record = await front.record();
    expect(record.text).toBe('STARTTLS\r\nb NOOP\r\n');
    client.write('c NOOP\r\n');
    await record.until(() => record.text.endsWith('\r\nb NOOP\r\nc NOOP\r\n'));
    client.destroy();
  });

  it('A3: fails on bytes in the clear that come later', async () => {
    await front.start(serverOptions(), 'starttls');
    const socket = await front.client();
    socket.write('STARTTLS\r\n');
    await once(socket, 'data');
    socket.write('b NOOP\r\n');
    const record = await front.record();
    await record.until(() => record.closes.length === 1);
    expect(record.text).toBe('STARTTLS\r\n');
    expect(record.dones).toHaveLength(1);
    expect(record.dones[0]).toMatchObject({
      code: 'ERR_SSL_WRONG_VERSION_NUMBER',
      level: 'info',
      message: 'SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number)',
    });
    expect(record.closes).toEqual(record.dones);
    expect(record.connection.tls).toBeUndefined();
  });

  it('sends everything written before it in clear text first', async () => {
    const options = serverOptions();
    const clear = Buffer.alloc(4 * 1024 * 1024, 'c');
    await front.listen((record) => {
      record.connection.send(clear);
      record.connection.send(Buffer.from('.'));
      record.onSecured = () => {
        record.connection.send(Buffer.from('secret'));
      };
      record.connection.secure(options, record.done);
    });
    const socket = await front.client();
    let length = 0;
    await new Promise<void>((resolve) => {
      socket.on('data', (bytes: Buffer) => {
        length += bytes.length;
        if (bytes.at(-1) === 0x2e) resolve();
      });
    });
    socket.removeAllListeners('data');
    expect(length).toBe(clear.length + 1);
    const client = connect({ socket, rejectUnauthorized: false });
    expect(await nextText(client)).toBe('secret');
    client.destroy();
  });

  it('begins with what was read ahead, as behind a PROXY header', async () => {
    const options = serverOptions();
    await front.listen((record) => {
      record.onSecured = () => {
        record.connection.send(Buffer.from('hello\r\n'));
      };
      record.onBytes = (bytes) => {
        record.onBytes = () => undefined;
        record.connection.secure(options, record.done, Buffer.from(bytes));
      };
    });
    const client = await front.tlsClient();
    expect(await nextText(client)).toBe('hello\r\n');
    const record = await front.record();
    record.text = '';
    client.write('after');
    await record.until(() => record.text === 'after');
  });

  it('A13: has no deadline of its own: its owner destroys it, and both ends of it are told once', async () => {
    await front.start(serverOptions(), 'starttls');
    const socket = await front.client();
    socket.write('STARTTLS\r\n');
    await once(socket, 'data');
    const record = await front.record();
    expect(record.dones).toEqual([]);
    record.connection.destroy();
    await record.until(() => record.closes.length === 1);
    expect(record.dones).toMatchObject([{ code: 'POSTERN_TLS_ABANDONED' }]);
    expect(record.closes).toEqual([undefined]);
  });

  it('fails at once on a connection that is closed already', async () => {
    await front.listen(() => undefined);
    await front.client();
    const record = await front.record();
    record.connection.destroy();
    await record.until(() => record.closes.length === 1);
    record.connection.secure(serverOptions(), record.done);
    expect(record.dones).toMatchObject([{ code: 'POSTERN_TLS_ABANDONED' }]);
  });

  it('fails where the client has finished sending before it', async () => {
    const options = serverOptions();
    await front.listen(() => undefined);
    const client = await front.client();
    client.end();
    const record = await front.record();
    await record.until(() => record.ends === 1);
    record.connection.secure(options, record.done);
    await record.until(() => record.closes.length === 1);
    expect(record.dones).toMatchObject([{ code: 'POSTERN_TLS_PEER_CLOSED' }]);
  });

  it('tells of a client that ends it by FIN', async () => {
    await front.start(serverOptions());
    const client = await front.client();
    client.end(Buffer.of(0x16, 3, 1));
    const record = await front.record();
    await record.until(() => record.closes.length === 1);
    expect(record.dones).toMatchObject([
      { code: 'POSTERN_TLS_PEER_CLOSED', message: 'peer closed connection in SSL handshake' },
    ]);
  });

  it('tells of a client that ends it by RST', async () => {
    await front.start(serverOptions());
    const client = await front.client();
    client.write(Buffer.of(0x16, 3, 1));
    const record = await front.record();
    client.resetAndDestroy();
    await record.until(() => record.closes.length === 1);
    expect(record.dones).toMatchObject([{ code: 'POSTERN_TLS_PEER_CLOSED' }]);
  });

  it('ends the connection of a client that leaves right after it', async () => {
    await front.start(serverOptions());
    const client = await front.tlsClient();
    client.once('secureConnect', () => client.end());
    const record = await front.record();
    await record.until(() => record.ends === 1);
    expect(record.dones).toEqual([undefined]);
    record.connection.end();
    await record.until(() => record.closes.length === 1);
  });

  it('does not read on after it when its owner has stopped the connection meanwhile', async () => {
    await front.start(serverOptions(), 'implicit', (record) => {
      record.connection.stop();
    });
    const client = await front.tlsClient();
    const record = await front.record();
    client.write('later');
    await record.until(() => record.dones.length === 1);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(record.text).toBe('');
    record.connection.start();
    await record.until(() => record.text === 'later');
  });

  it('B2: does not renegotiate', async () => {
    await front.start(serverOptions());
    const client = await front.tlsClient({ maxVersion: 'TLSv1.2' });
    await nextText(client);
    const record = await front.record();
    client.renegotiate({}, () => undefined);
    await record.until(() => record.closes.length === 1);
    expect(record.closes[0]?.code).toBe('ERR_TLS_RENEGOTIATION_DISABLED');
  });

  it('B2: does not renegotiate where the context would', async () => {
    await front.start(serverOptions({ secureContext: contextOf('server', { secureOptions: 0 }) }));
    const client = await front.tlsClient({ maxVersion: 'TLSv1.2' });
    await nextText(client);
    const record = await front.record();
    client.renegotiate({}, () => undefined);
    await record.until(() => record.closes.length === 1);
    expect(record.closes[0]).toBeInstanceOf(Error);
  });

  it('ends a connection whose records are forged, with the reason', async () => {
    await front.start(serverOptions());
    const socket = await front.client();
    const client = connect({ socket, rejectUnauthorized: false });
    client.on('error', () => undefined);
    await nextText(client);
    const record = await front.record();
    socket.write(Buffer.concat([Buffer.of(0x17, 3, 3, 0, 40), Buffer.alloc(40)]));
    await record.until(() => record.closes.length === 1);
    expect(record.closes[0]?.message).toBe(
      'SSL_read() failed (SSL: error:0A000119:SSL routines::decryption failed or bad record mac)',
    );
  });
});
