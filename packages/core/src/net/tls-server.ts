/**
 * The server's side of TLS over a connected socket. Everything but the socket itself is made once per server block.
 * Nothing here throws into OpenSSL: an exception in a callback of the runtime would end the process.
 */
import { Server, type Socket } from 'node:net';
import { TLSSocket, type SecureContext, type TLSSocketOptions } from 'node:tls';
import type { OwnedSocket, SocketOwner } from './owned-socket.js';
import type { OwnedTlsSocket, TlsSide } from './tls-handshake.js';
import { stateOf } from './tls-state.js';
import type { TlsServerOptions, TlsSessionStore, TlsState } from './tls.js';

class ServerSocket extends TLSSocket {
  owner: SocketOwner | undefined;
}

function onSecure(this: OwnedSocket): void {
  this.owner?.socketSecured();
}

/** A TLS error after the handshake, which Node's server sockets do not tell by 'error' unless a tls.Server owns them. */
function onTlsError(this: Socket, error: Error): void {
  this.destroy(error);
}

const sides = new WeakMap<TlsServerOptions, ServerSide>();

/** The server's side for these options. */
export function serverSide(options: TlsServerOptions): TlsSide {
  const known = sides.get(options);
  if (known !== undefined) return known;
  const side = new ServerSide(options);
  sides.set(options, side);
  return side;
}

class ServerSide implements TlsSide {
  readonly #socketOptions: TLSSocketOptions;
  readonly #requestsCertificate: boolean;

  constructor(options: TlsServerOptions) {
    this.#requestsCertificate = options.requestCertificate;
    this.#socketOptions = socketOptions(options);
  }

  wrap(socket: Socket): OwnedTlsSocket {
    const secured = new ServerSocket(socket, this.#socketOptions);
    secured.disableRenegotiation();
    secured.on('secure', onSecure);
    secured.on('_tlsError', onTlsError);
    return secured;
  }

  judge(socket: TLSSocket): TlsState {
    return stateOf(socket, this.#requestsCertificate);
  }
}

function socketOptions(options: TlsServerOptions): TLSSocketOptions {
  const { contextFor, sessions } = options;
  const made = {
    isServer: true,
    secureContext: options.secureContext,
    requestCert: options.requestCertificate,
    rejectUnauthorized: false,
    ALPNCallback: protocolChooser(options.alpn),
    // Every write is followed by 'drain' when it has left, and nothing is read ahead of the receiver.
    highWaterMark: 0,
    ...(contextFor !== undefined && { SNICallback: contextChooser(contextFor) }),
    ...(sessions !== undefined && { server: sessionServer(sessions) }),
  };
  return made;
}

/**
 * Takes the one name, and refuses lists without it (RFC 7301, section 3.2). A list of names, the runtime's other way, is
 * copied for each socket, and the copy keeps 8 KiB around it alive.
 */
function protocolChooser(name: string): (offer: { protocols: string[] }) => string | undefined {
  return ({ protocols }) => (protocols.includes(name) ? name : undefined);
}

type ContextDone = (error: Error | null, context?: SecureContext) => void;

function contextChooser(
  contextFor: (serverName: string) => SecureContext | undefined,
): (serverName: string, done: ContextDone) => void {
  return (serverName, done) => {
    done(
      null,
      guarded(() => contextFor(serverName)),
    );
  };
}

/** What `ask` gives; undefined where it throws. */
function guarded<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/** Where the socket is gone by the time of the answer, Node does nothing with it. */
type SessionDone = (error: Error | null, session: Buffer | null) => void;

/**
 * Node asks a server object for sessions and gives it new ones. This one never listens. TLS 1.3 resumes by tickets
 * alone, so its sessions are not kept.
 */
function sessionServer(store: TlsSessionStore): Server {
  const server = new Server();
  server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
    const kept = isTls13(session) ? undefined : guarded(() => store.put(id, session));
    if (kept instanceof Promise) void kept.then(done);
    else done();
  });
  server.on('resumeSession', (id: Buffer, done: SessionDone) => {
    const found = guarded(() => store.get(id));
    if (!(found instanceof Promise)) done(null, found ?? null);
    else void found.then((session) => done(null, session ?? null));
  });
  return server;
}

/** DER of the TLS version 1.3, with which the second element of OpenSSL's SSL_SESSION starts. */
const tls13 = Buffer.of(0x02, 0x01, 0x01, 0x02, 0x02, 0x03, 0x04);

/** Whether a session in OpenSSL's form (i2d_SSL_SESSION) is of TLS 1.3. */
function isTls13(session: Buffer): boolean {
  const lengthByte = session[1] ?? 0;
  const start = lengthByte < 0x80 ? 2 : 2 + (lengthByte & 0x7f);
  return session.subarray(start, start + tls13.length).equals(tls13);
}
