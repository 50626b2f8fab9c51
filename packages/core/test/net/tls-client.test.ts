import { once } from 'node:events';
import {
  createServer as createNetServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { createSecureContext, createServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { TLSSocket as NodeTlsSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../src/net/connection.js';
import type { TlsClientOptions } from '../../src/net/tls.js';
import { contextOf, fixture, nothingOpen, Record, type Way } from './tls-peers.js';

const ignore = (): void => undefined;

/** A server that the connections under test go to. */
class Backend {
  readonly sockets: Socket[] = [];
  readonly records: Record[] = [];
  port = 0;
  #server: Server | undefined;

  async #listen(server: Server): Promise<void> {
    this.#server = server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }

  /** Speaks TLS from the start, or after STARTTLS. */
  async start(way: Way, options: TlsOptions, serve: (socket: TLSSocket) => void): Promise<void> {
    const take = (socket: TLSSocket): void => {
      socket.on('error', ignore);
      this.sockets.push(socket);
      serve(socket);
    };
    if (way === 'implicit') {
      const server = createServer({ allowHalfOpen: true, ...options }, take);
      server.on('connection', (socket: Socket) => this.sockets.push(socket));
      await this.#listen(server);
      return;
    }
    const secureContext = createSecureContext(options);
    await this.startClear((socket) => {
      socket.once('data', () => {
        socket.write('go\r\n');
        const secured = new NodeTlsSocket(socket, { isServer: true, secureContext });
        secured.once('secure', () => {
          take(secured);
        });
        secured.on('error', ignore);
      });
    });
  }

  async startClear(serve: (socket: Socket) => void): Promise<void> {
    await this.#listen(
      createNetServer({ allowHalfOpen: true }, (socket) => {
        socket.on('error', ignore);
        this.sockets.push(socket);
        serve(socket);
      }),
    );
  }

  /** A connection in clear text. */
  async open(): Promise<Record> {
    const target = { host: '127.0.0.1', port: this.port };
    const record = await new Promise<Record>((resolve) => {
      const connection = Connection.open(
        target,
        { received: ignore, ended: ignore, closed: ignore },
        () => {
          resolve(new Record(connection));
        },
      );
    });
    this.records.push(record);
    return record;
  }

  /** A connection whose handshake is over, for better or worse. */
  async dial(options: TlsClientOptions, way: Way = 'implicit'): Promise<Record> {
    const record = await this.open();
    if (way === 'starttls') {
      record.connection.send(Buffer.from('STARTTLS\r\n'));
      await record.until(() => record.text === 'go\r\n');
      record.text = '';
    }
    record.connection.secureAsClient(options, record.done);
    await record.until(() => record.dones.length > 0);
    return record;
  }

  async stop(): Promise<void> {
    for (const { connection } of this.records) connection.destroy();
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
    await nothingOpen();
  }
}

const good = { cert: fixture('server.crt'), key: fixture('server.key') };
const pair = (name: string): TlsOptions => ({
  cert: fixture(`${name}.crt`),
  key: fixture(`${name}.key`),
});
const trusting = createSecureContext({ ca: [fixture('authority.crt')] });
const clientOptions = (more: Partial<TlsClientOptions> = {}): TlsClientOptions => ({
  secureContext: trusting,
  serverName: 'mail.example',
  verifyName: 'mail.example',
  ...more,
});

let backend: Backend;
beforeEach(() => {
  backend = new Backend();
});
afterEach(() => backend.stop());

const ways = [
  { version: 'TLSv1.2', way: 'implicit' },
  { version: 'TLSv1.2', way: 'starttls' },
  { version: 'TLSv1.3', way: 'implicit' },
  { version: 'TLSv1.3', way: 'starttls' },
] as const;

describe.each(ways)('the client side, $version $way', ({ version, way }) => {
  const options = { ...good, minVersion: version, maxVersion: version };

  it('moves bytes both ways and says what was agreed on', async () => {
    await backend.start(way, options, (socket) => socket.pipe(socket));
    const record = await backend.dial(clientOptions(), way);
    expect(record.dones).toEqual([undefined]);
    record.connection.send(Buffer.from('a NOOP\r\n'));
    await record.until(() => record.text === 'a NOOP\r\n');
    expect(record.connection.tls).toMatchObject({
      protocol: version,
      serverName: 'mail.example',
      alpn: undefined,
      resumed: false,
      verifyError: undefined,
    });
    expect(record.connection.tls?.peerCertificate?.subject).toBe('CN=mail.example');
  });

  it('takes a greeting that comes with the end of the handshake after done', async () => {
    await backend.start(way, options, (socket) => socket.write('* OK\r\n'));
    const record = await backend.dial(clientOptions(), way);
    expect(record.text).toBe('');
    await record.until(() => record.text === '* OK\r\n');
  });

  it('passes a half-close on in both directions', async () => {
    await backend.start(way, options, (socket) => {
      socket.on('end', () => socket.end('bye'));
      socket.resume();
    });
    const record = await backend.dial(clientOptions(), way);
    record.connection.end();
    await record.until(() => record.closes.length === 1);
    expect(record.text).toBe('bye');
    expect(record.ends).toBe(1);
    expect(record.closes).toEqual([undefined]);
  });

  it('resumes a session', async () => {
    await backend.start(way, options, (socket) => socket.write('x'));
    let session: Buffer | undefined;
    let first: Record | undefined;
    await new Promise<void>((resolve) => {
      const keep = (kept: Buffer): void => {
        session = kept;
        resolve();
      };
      void backend
        .dial(clientOptions({ resumption: { session: undefined, keep } }), way)
        .then((record) => {
          first = record;
        });
    });
    await first?.until(() => first?.dones.length === 1);
    expect(first?.connection.tls?.resumed).not.toBe(true);
    const second = await backend.dial(
      clientOptions({ resumption: { session, keep: ignore } }),
      way,
    );
    expect(second.dones).toEqual([undefined]);
    expect(second.connection.tls?.resumed).toBe(true);
  });

  it('keeps no session of a server that it does not trust', async () => {
    await backend.start(way, options, (socket) => socket.write('x'));
    const kept: Buffer[] = [];
    const keep = (session: Buffer): void => {
      kept.push(session);
    };
    const record = await backend.dial(
      clientOptions({
        verifyName: 'other.example',
        resumption: { session: undefined, keep },
      }),
      way,
    );
    await record.until(() => record.closes.length === 1);
    expect(record.dones).toMatchObject([{ code: 'HOSTNAME_MISMATCH' }]);
    expect(kept).toEqual([]);
  });
});

const trust = [
  { name: 'a good certificate', server: 'server', fault: undefined },
  { name: 'an address', server: 'server', verifyName: '127.0.0.1', fault: undefined },
  {
    name: 'another address',
    server: 'server',
    verifyName: '127.0.0.2',
    fault: {
      code: 'HOSTNAME_MISMATCH',
      message: 'upstream SSL certificate does not match "127.0.0.2"',
    },
  },
  {
    name: 'another name',
    server: 'other',
    fault: {
      code: 'HOSTNAME_MISMATCH',
      message: 'upstream SSL certificate does not match "mail.example"',
    },
  },
  {
    name: 'an expired certificate',
    server: 'expired',
    fault: {
      code: 'CERT_HAS_EXPIRED',
      message: 'upstream SSL certificate verify error: (10:certificate has expired)',
    },
  },
  {
    name: 'a self-signed certificate',
    server: 'selfsigned',
    fault: {
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      message: 'upstream SSL certificate verify error: (18:self-signed certificate)',
    },
  },
  {
    name: 'an unknown authority',
    server: 'server',
    secureContext: createSecureContext({ ca: [fixture('selfsigned.crt')] }),
    fault: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
  },
];

describe('a server certificate is checked', () => {
  it.each(trust)('$name', async ({ server, fault, name: _name, ...more }) => {
    await backend.start('implicit', pair(server), (socket) => socket.write('secret'));
    const record = await backend.dial(clientOptions(more));
    if (fault === undefined) {
      expect(record.dones).toEqual([undefined]);
      return;
    }
    expect(record.dones).toMatchObject([fault]);
    await record.until(() => record.closes.length === 1);
    expect(record.text).toBe('');
    expect(record.connection.tls).toBeUndefined();
  });

  it('unless no name is to be verified', async () => {
    await backend.start('implicit', pair('selfsigned'), (socket) => socket.write('x'));
    const record = await backend.dial(clientOptions({ verifyName: undefined }));
    expect(record.dones).toEqual([undefined]);
    expect(record.connection.tls?.verifyError?.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });
});

describe('SNI', () => {
  it.each([
    { name: 'is sent', serverName: 'mail.example', seen: 'mail.example' },
    { name: 'is not sent where there is none', serverName: undefined, seen: 'false' },
    { name: 'is not sent for an address', serverName: '127.0.0.1', seen: 'false' },
  ])('$name', async ({ serverName, seen }) => {
    await backend.start('implicit', good, (socket) => {
      socket.write(String(Reflect.get(socket, 'servername')));
    });
    const record = await backend.dial(clientOptions({ serverName }));
    await record.until(() => record.length > 0);
    expect(record.text).toBe(seen);
  });
});

describe('a handshake with a server', () => {
  it('A9: fails on plain text before an implicit handshake', async () => {
    await backend.startClear((socket) => socket.write('* OK hi\r\na OK injected\r\n'));
    const record = await backend.dial(clientOptions());
    expect(record.dones).toMatchObject([{ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }]);
    await record.until(() => record.closes.length === 1);
  });

  it('fails where the server closes', async () => {
    await backend.startClear((socket) => {
      socket.once('data', () => socket.end());
    });
    const record = await backend.dial(clientOptions());
    expect(record.dones).toMatchObject([{ code: 'POSTERN_TLS_PEER_CLOSED' }]);
    await record.until(() => record.closes.length === 1);
  });

  it('fails where the server resets', async () => {
    await backend.startClear((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    const record = await backend.dial(clientOptions());
    expect(record.dones).toMatchObject([{ code: 'POSTERN_TLS_PEER_CLOSED' }]);
    await record.until(() => record.closes.length === 1);
  });

  it('fails where no version is common', async () => {
    await backend.start('implicit', { ...good, maxVersion: 'TLSv1.2' }, ignore);
    const secureContext = createSecureContext({ minVersion: 'TLSv1.3' });
    const record = await backend.dial(clientOptions({ secureContext }));
    expect(record.dones[0]?.message).toContain('SSL_do_handshake() failed (SSL: error:');
    await record.until(() => record.closes.length === 1);
  });

  it('sends a certificate where the server wants one', async () => {
    const wanting = { ...good, ca: [fixture('authority.crt')], requestCert: true };
    await backend.start('implicit', wanting, (socket) => {
      socket.write(socket.authorized ? 'yes' : 'no');
    });
    const secureContext = contextOf('client', { ca: [fixture('authority.crt')] });
    const record = await backend.dial(clientOptions({ secureContext }));
    await record.until(() => record.length > 0);
    expect(record.text).toBe('yes');
  });

  it('is abandoned by its owner', async () => {
    await backend.startClear(ignore);
    const record = await backend.open();
    record.connection.secureAsClient(clientOptions(), record.done);
    record.connection.destroy();
    await record.until(() => record.closes.length === 1);
    expect(record.dones).toMatchObject([{ code: 'POSTERN_TLS_ABANDONED' }]);
  });

  it('is followed by the end of the connection, once, when the server resets', async () => {
    await backend.start('implicit', good, (socket) => socket.write('x'));
    const record = await backend.dial(clientOptions());
    await record.until(() => record.length === 1);
    backend.sockets[0]?.resetAndDestroy();
    await record.until(() => record.closes.length === 1);
    expect(record.dones).toEqual([undefined]);
    expect(record.closes[0]?.code).toBe('ECONNRESET');
  });

  it('can be followed by a reset of ours', async () => {
    await backend.start('implicit', good, ignore);
    const record = await backend.dial(clientOptions());
    record.connection.reset();
    await record.until(() => record.closes.length === 1);
    expect(record.dones).toEqual([undefined]);
  });
});
