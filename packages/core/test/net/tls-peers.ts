/** Both ends of TLS for tests: contexts from the fixtures, a front that records what its connections are told. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createSecureContext, connect as tlsConnect, type SecureContextOptions } from 'node:tls';
import type { ConnectionOptions, SecureContext, TLSSocket } from 'node:tls';
import type { Connection, Receiver } from '../../src/net/connection.js';
import { Listener } from '../../src/net/listener.js';
import type { TlsServerOptions } from '../../src/net/tls.js';

/** A file of the fixtures. */
export const fixture = (name: string): Buffer =>
  readFileSync(new URL(`fixtures/${name}`, import.meta.url));

/** A context with the certificate of that name. */
export const contextOf = (name: string, more: SecureContextOptions = {}): SecureContext =>
  createSecureContext({
    cert: fixture(`${name}.crt`),
    key: fixture(`${name}.key`),
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    sessionIdContext: 'postern',
    ...more,
  });

/** Server options with a good certificate, for the protocol `imap`. */
export const serverOptions = (more: Partial<TlsServerOptions> = {}): TlsServerOptions => ({
  secureContext: contextOf('server'),
  alpn: 'imap',
  requestCertificate: false,
  ...more,
});

/** Waits, event by event, until something holds. */
class Change {
  #changed: () => void = () => undefined;
  #change = this.#next();

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }

  happened(): void {
    this.#changed();
    this.#change = this.#next();
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#change;
  }
}

/** What one connection was told. */
export class Record implements Receiver {
  readonly connection: Connection;
  text = '';
  length = 0;
  ends = 0;
  /** One entry per call of `closed`. */
  readonly closes: (NodeJS.ErrnoException | undefined)[] = [];
  /** One entry per call of `done`. */
  readonly dones: (NodeJS.ErrnoException | undefined)[] = [];
  /** Called with what is read, besides the record. */
  onBytes: (bytes: Buffer) => void = () => undefined;
  /** Called once the handshake is done. */
  onSecured: () => void = () => undefined;
  readonly #change = new Change();

  constructor(connection: Connection) {
    this.connection = connection;
    connection.receiver = this;
  }

  received(bytes: Buffer): void {
    this.length += bytes.length;
    if (this.text.length < 4096) this.text += bytes.toString('latin1');
    this.onBytes(bytes);
    this.#change.happened();
  }

  ended(): void {
    this.ends += 1;
    this.#change.happened();
  }

  closed(_connection: Connection, error: NodeJS.ErrnoException | undefined): void {
    this.closes.push(error);
    this.#change.happened();
  }

  /** For `secure` and `secureAsClient`. */
  readonly done = (error: NodeJS.ErrnoException | undefined): void => {
    this.dones.push(error);
    if (error === undefined) this.onSecured();
    this.#change.happened();
  };

  until(holds: () => boolean): Promise<void> {
    return this.#change.until(holds);
  }
}

/** When a connection becomes TLS: at once, or when its client has said STARTTLS. */
export type Way = 'implicit' | 'starttls';

/** A listener whose connections become TLS. */
export class Front {
  readonly records: Record[] = [];
  readonly #opened: Socket[] = [];
  readonly #change = new Change();
  #listener: Listener | undefined;

  /** `secured` runs in `done`. */
  async start(
    options: TlsServerOptions,
    way: Way = 'implicit',
    secured: (record: Record) => void = (record) =>
      record.connection.send(Buffer.from('hello\r\n')),
  ): Promise<void> {
    await this.listen((record) => {
      record.onSecured = () => {
        secured(record);
      };
      if (way === 'implicit') record.connection.secure(options, record.done);
      else startTls(record, options);
    });
  }

  /** Listens in clear text. */
  async listen(accepted: (record: Record) => void): Promise<void> {
    const acceptor = {
      accepted: (connection: Connection): void => {
        const record = new Record(connection);
        this.records.push(record);
        accepted(record);
        this.#change.happened();
      },
      failed: (error: Error): void => {
        throw error;
      },
    };
    const target = { host: '127.0.0.1', port: 0, backlog: 511, ipv6Only: false };
    this.#listener = await Listener.open(target, acceptor);
  }

  get isListening(): boolean {
    return this.#listener !== undefined;
  }

  get port(): number {
    const address = this.#listener?.address;
    if (address === undefined || 'path' in address) throw new TypeError('no port');
    return address.port;
  }

  /** The connection that came as number `index`. */
  async record(index = 0): Promise<Record> {
    await this.#change.until(() => this.records.length > index);
    const record = this.records[index];
    if (record === undefined) throw new TypeError('no connection');
    return record;
  }

  /** A client in clear text. */
  async client(): Promise<Socket> {
    const socket = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    this.#opened.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** A client that has begun TLS; its handshake may be under way. */
  async tlsClient(options: ConnectionOptions = {}, way: Way = 'implicit'): Promise<TLSSocket> {
    const socket = await this.client();
    if (way === 'starttls') {
      socket.write('STARTTLS\r\n');
      const [reply] = (await once(socket, 'data')) as [Buffer];
      if (reply.toString() !== 'go\r\n') throw new TypeError(`not a reply: ${reply.toString()}`);
    }
    const secured = tlsConnect({ socket, rejectUnauthorized: false, ...options });
    secured.on('error', () => undefined);
    return secured;
  }

  /** How much the kernel has given to the client that came last. */
  bytesReadByClient(): number {
    return this.#opened.at(-1)?.bytesRead ?? 0;
  }

  /** Lets all clients vanish with RST. */
  resetClients(): void {
    for (const socket of this.#opened) socket.resetAndDestroy();
  }

  /** Closes everything and waits for it. */
  async stop(): Promise<void> {
    for (const socket of this.#opened) socket.destroy();
    await this.#listener?.close();
    for (const record of this.records) record.connection.destroy();
    await nothingOpen();
  }
}

function startTls(record: Record, options: TlsServerOptions): void {
  record.onBytes = () => {
    if (!record.text.startsWith('STARTTLS\r\n') || record.dones.length > 0) return;
    record.onBytes = () => undefined;
    record.connection.send(Buffer.from('go\r\n'));
    record.connection.secure(options, record.done);
  };
}

/** Waits until the process has no TCP socket open. */
export async function nothingOpen(): Promise<void> {
  const isOpen = (): boolean =>
    process.getActiveResourcesInfo().some((name) => name.startsWith('TCP'));
  while (isOpen()) await new Promise((resolve) => setImmediate(resolve));
}

/** The next bytes as text. */
export async function nextText(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString();
}
