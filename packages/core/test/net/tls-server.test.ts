import { constants } from 'node:crypto';
import { once } from 'node:events';
import { connect, createSecureContext, type SecureVersion } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/net/connection.js';
import { linger } from '../../src/net/linger.js';
import { ConnectionSlots } from '../../src/net/slots.js';
import { Sweep } from '../../src/net/sweep.js';
import type { TlsSessionStore } from '../../src/net/tls.js';
import { contextOf, fixture, Front, nextText, serverOptions, type Way } from './tls-peers.js';

const cases: readonly { readonly version: SecureVersion; readonly way: Way }[] = [
  { version: 'TLSv1.2', way: 'implicit' },
  { version: 'TLSv1.2', way: 'starttls' },
  { version: 'TLSv1.3', way: 'implicit' },
  { version: 'TLSv1.3', way: 'starttls' },
];

/** A store that counts. */
class Store implements TlsSessionStore {
  readonly kept = new Map<string, Buffer>();
  found = 0;

  put(id: Buffer, session: Buffer): void {
    this.kept.set(id.toString('hex'), session);
  }

  get(id: Buffer): Buffer | undefined {
    const session = this.kept.get(id.toString('hex'));
    if (session !== undefined) this.found += 1;
    return session;
  }
}

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
      record.connection.cork();
      record.connection.send(clear);
      record.connection.send(Buffer.from('.'));
      record.onSecured = () => {
        record.connection.send(Buffer.from('secret'));
      };
      record.connection.secure(options, record.done);
      record.connection.uncork();
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

const alpnCases = [
  { name: 'no protocol offered', offered: [], works: true },
  { name: 'the right one', offered: ['imap'], works: true },
  { name: 'the right one among others', offered: ['http/1.1', 'h2', 'imap'], works: true },
  { name: 'only others', offered: ['http/1.1'], works: false },
  { name: 'a longer name', offered: ['imaps'], works: false },
  { name: 'the name in capitals', offered: ['IMAP'], works: false },
];

describe.each(['implicit', 'starttls'] as const)('C1: ALPN, %s', (way) => {
  it.each(alpnCases)('$name', async ({ offered, works }) => {
    await front.start(serverOptions(), way);
    const client = await front.tlsClient(
      offered.length === 0 ? {} : { ALPNProtocols: offered },
      way,
    );
    const record = await front.record();
    if (works) {
      expect(await nextText(client)).toBe('hello\r\n');
      expect(record.connection.tls?.alpn).toBe(offered.length === 0 ? undefined : 'imap');
      return;
    }
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
    await record.until(() => record.closes.length === 1);
    expect(record.dones[0]?.code).toBe('ERR_SSL_NO_APPLICATION_PROTOCOL');
  });
});

describe('SNI', () => {
  const contextFor = (name: string) => {
    if (name === 'other.example') return contextOf('other');
    if (name === 'broken.example') throw new TypeError('no');
    return undefined;
  };

  it.each([
    { name: 'takes the context of the name', asked: 'other.example', subject: 'other.example' },
    { name: 'takes the default for others', asked: 'x.example', subject: 'mail.example' },
    { name: 'takes the default without a name', asked: '', subject: 'mail.example' },
    { name: 'B5: survives a choice that throws', asked: 'broken.example', subject: 'mail.example' },
  ])('$name', async ({ asked, subject }) => {
    await front.start(serverOptions({ contextFor }));
    const client = await front.tlsClient(asked === '' ? {} : { servername: asked });
    await nextText(client);
    expect(client.getPeerCertificate().subject.CN).toBe(subject);
    const record = await front.record();
    expect(record.connection.tls?.serverName).toBe(asked === '' ? undefined : asked);
  });
});

describe('sessions', () => {
  const tls12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
  const noTickets = contextOf('server', {
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  });

  const handshakeTwice = async (more: object): Promise<boolean> => {
    const first = await front.tlsClient(more);
    const kept = once(first, 'session') as Promise<[Buffer]>;
    await nextText(first);
    const [session] = await kept;
    first.end();
    const second = await front.tlsClient({ ...more, session });
    await nextText(second);
    return second.isSessionReused();
  };

  it('are resumed from the store', async () => {
    const sessions = new Store();
    await front.start(serverOptions({ secureContext: noTickets, sessions }));
    expect(await handshakeTwice(tls12)).toBe(true);
    expect(sessions.kept.size).toBe(1);
    expect(sessions.found).toBe(1);
    expect(front.records[1]?.connection.tls?.resumed).toBe(true);
  });

  it('are not resumed when the store has lost them', async () => {
    const sessions = { put: () => undefined, get: () => undefined };
    await front.start(serverOptions({ secureContext: noTickets, sessions }));
    expect(await handshakeTwice(tls12)).toBe(false);
  });

  it('B5: are done without where the store throws', async () => {
    const fail = (): never => {
      throw new TypeError('no');
    };
    await front.start(
      serverOptions({ secureContext: noTickets, sessions: { put: fail, get: fail } }),
    );
    expect(await handshakeTwice(tls12)).toBe(false);
  });

  it('are not resumed from garbage in the store', async () => {
    const sessions = { put: () => undefined, get: () => Buffer.from('garbage') };
    await front.start(serverOptions({ secureContext: noTickets, sessions }));
    expect(await handshakeTwice(tls12)).toBe(false);
  });

  it('B9: of TLS 1.3 go by ticket and are not kept in the store', async () => {
    const sessions = new Store();
    await front.start(serverOptions({ sessions }));
    expect(await handshakeTwice({ minVersion: 'TLSv1.3' })).toBe(true);
    expect(sessions.kept.size).toBe(0);
  });
});

describe('client certificates', () => {
  const secureContext = contextOf('server', { ca: [fixture('authority.crt')] });
  const requested = { secureContext, requestCertificate: true };

  it.each([
    { name: 'a good one', certificate: 'client', subject: 'CN=client.example', fault: undefined },
    {
      name: 'an expired one',
      certificate: 'expired',
      subject: 'CN=mail.example',
      fault: 'CERT_HAS_EXPIRED',
    },
    {
      name: 'a self-signed one',
      certificate: 'selfsigned',
      subject: 'CN=mail.example',
      fault: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    },
    { name: 'none', certificate: undefined, subject: undefined, fault: undefined },
  ])('$name does not fail the handshake and is judged', async ({ certificate, subject, fault }) => {
    await front.start(serverOptions(requested));
    const context = certificate === undefined ? createSecureContext() : contextOf(certificate);
    const client = await front.tlsClient({ secureContext: context });
    expect(await nextText(client)).toBe('hello\r\n');
    const { connection } = await front.record();
    expect(connection.tls?.peerCertificate?.subject).toBe(subject);
    expect(connection.tls?.verifyError).toBe(fault);
  });

  it('are not asked for unless wanted', async () => {
    await front.start(serverOptions({ secureContext }));
    const client = await front.tlsClient({ secureContext: contextOf('client') });
    await nextText(client);
    const { connection } = await front.record();
    expect(connection.tls?.peerCertificate).toBeUndefined();
  });
});
