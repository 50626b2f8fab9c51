/**
 * A mail server that follows a script and speaks TLS, from the first byte or when its script says so. What the proxy said
 * is kept, in clear text and inside TLS.
 */
import type { Socket } from 'node:net';
import {
  createSecureContext,
  TLSSocket,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls';
import { Unexpected } from './errors.js';
import { Listening } from './listening.js';
import { ScriptedPeer } from './scripted-peer.js';

/** How a backend speaks TLS. */
export interface TlsBackendOptions {
  /** Certificate, key, versions. */
  readonly context: SecureContextOptions;
  /** Whether the proxy is asked for a certificate; it is not judged. */
  readonly requestCert?: boolean;
  /** Whether the keys of tickets, and with them all sessions, are forgotten after each connection. */
  readonly forgetful?: boolean;
}

/** A running backend. */
export interface TlsBackend {
  readonly port: number;
  /** The connections in the order they were accepted. */
  readonly peers: readonly TlsBackendPeer[];
  /** All that the proxy said on all connections, in clear text and inside TLS. */
  said(): string;
  /** Stops listening and closes everything. */
  close(): Promise<void>;
}

/** One connection of a backend. */
export class TlsBackendPeer {
  /** What is said in clear text. */
  readonly clear: ScriptedPeer;
  /** Inside TLS; rejects where the handshake fails or the connection ends before it. */
  readonly inside: Promise<ScriptedPeer>;
  /** The TLS facts of the connection, once its handshake has begun. */
  tls: TLSSocket | undefined = undefined;
  readonly #socket: Socket;
  readonly #options: Pick<TlsBackendOptions, 'requestCert'>;
  readonly #context: () => SecureContext;
  #inside: ScriptedPeer | undefined;
  #resolve: (peer: ScriptedPeer) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(
    socket: Socket,
    options: Pick<TlsBackendOptions, 'requestCert'>,
    context: () => SecureContext,
  ) {
    this.clear = new ScriptedPeer(socket);
    this.#socket = socket;
    this.#options = options;
    this.#context = context;
    this.inside = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Not every script asks for it.
    this.inside.catch(() => undefined);
    socket.once('close', () => {
      this.#reject(new Unexpected('a TLS handshake', 'the end of the connection'));
    });
  }

  /** Everything the proxy said. */
  get said(): string {
    return this.clear.received + (this.#inside?.received ?? '');
  }

  /** Puts the server's side of TLS over the connection. What the proxy has sent and was not read is the handshake's. */
  secure(): void {
    const socket = this.#socket;
    for (const event of ['data', 'end']) socket.removeAllListeners(event);
    socket.pause();
    const { unread } = this.clear.inbox;
    if (unread.length > 0) socket.unshift(unread);
    const tls = new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#context(),
      requestCert: this.#options.requestCert === true,
      rejectUnauthorized: false,
    });
    const inside = new ScriptedPeer(tls);
    this.tls = tls;
    this.#inside = inside;
    for (const event of ['error', '_tlsError']) tls.on(event, this.#reject);
    tls.once('secure', () => {
      this.#resolve(inside);
    });
  }
}

/**
 * Starts a backend. `serve` is what it says and waits for on one connection; a throw closes it.
 *
 * @example
 * const backend = await startTlsBackend(
 *   async (peer) => {
 *     peer.secure();
 *     const inside = await peer.inside;
 *     await inside.sendLine('* OK ready');
 *   },
 *   { context: { cert, key } },
 * );
 */
export async function startTlsBackend(
  serve: (peer: TlsBackendPeer) => Promise<void>,
  options: TlsBackendOptions,
): Promise<TlsBackend> {
  const shared = createSecureContext(options.context);
  const context = (): SecureContext =>
    options.forgetful === true ? createSecureContext(options.context) : shared;
  const peers: TlsBackendPeer[] = [];
  const listening = await Listening.start({}, (socket) => {
    const peer = new TlsBackendPeer(socket, options, context);
    peers.push(peer);
    serve(peer).catch(() => socket.destroy());
  });
  return {
    port: listening.port,
    peers,
    said: () => peers.map(({ said }) => said).join(''),
    close: () => listening.close(),
  };
}
