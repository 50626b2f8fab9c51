/**
 * Everything that a look at postern needs, in one process: an auth service, an IMAP backend with a message, and the
 * proxy between them, on ports that need no privileges.
 */
import { createServer, type AnyModule } from '@postern/core';
import { acceptLogin, refuseLogin } from './auth-answer.js';
import type { AuthRequest } from './auth-request.js';
import { startAuthServer } from './auth-server.js';
import { printable } from './bytes-text.js';
import { demoPort } from './errors.js';
import { startImapBackend } from './imap-backend/server.js';
import { Listening } from './listening.js';

/** The parts of the demo, and the port of each on 127.0.0.1. */
export interface DemoPorts {
  readonly proxy: number;
  readonly auth: number;
  readonly backend: number;
}

/** A login, as the auth service decided it. Texts are printable. */
export interface DemoLogin {
  readonly user: string;
  /** The client's address. */
  readonly client: string;
  /** Which attempt of this client it is, from 1. */
  readonly attempt: number;
  readonly accepted: boolean;
  /** Where an accepted client is sent. */
  readonly backend: string;
  /** What a refused client is told. */
  readonly refusal: string;
}

/** What a demo is made of. */
export interface DemoOptions {
  /** The protocol modules: `[imap]`. */
  readonly modules: readonly AnyModule[];
  /** Default {@link demoPorts}; 0 takes a free port. */
  readonly ports?: Partial<DemoPorts>;
  /** Called for each login. */
  readonly onLogin?: (login: DemoLogin) => void;
  /** Gets the proxy's log, level `warn` and more severe. */
  readonly onLog?: (line: string) => void;
}

/** A running demo. */
export interface Demo {
  readonly ports: DemoPorts;
  /** The proxy's configuration, in nginx's language. */
  readonly config: string;
  /** Ends all of it. */
  close(): Promise<void>;
}

/** The usual ports. */
export const demoPorts: DemoPorts = { proxy: 1143, auth: 9143, backend: 2143 };

/** The password of every user. */
export const demoPassword = 'postern';

const refusal = `wrong password; in this demo it is "${demoPassword}" for every user`;
/** Seconds that a refused client waits for the answer. */
const refusalWait = 1;

/** Starts the demo. Rejects with a sentence that names the port when one is taken; nothing stays open then. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const ports = { ...demoPorts, ...options.ports };
  const opened: { close(): Promise<void> }[] = [];
  const open = async <T extends { close(): Promise<void> }>(part: Promise<T>): Promise<T> => {
    const ready = await part;
    opened.unshift(ready);
    return ready;
  };
  const close = async (): Promise<void> => {
    for (const part of opened.splice(0)) await part.close();
  };
  try {
    const proxyPort = await freePort('proxy', ports.proxy);
    const backendPort = await freePort('backend', ports.backend);
    const authPort = await freePort('auth', ports.auth);
    const backend = await open(startImapBackend({ port: backendPort }));
    const auth = await open(
      startAuthServer((request) => decide(request, backend.port, options.onLogin), {
        port: authPort,
        keep: 100,
      }),
    );
    const config = configuration(proxyPort, auth.port);
    const { modules, onLog = () => undefined } = options;
    const proxy = await open(createServer({ modules, config, onLog, logLevel: 'warn' }));
    await proxy.listen();
    return { ports: { proxy: proxyPort, auth: auth.port, backend: backend.port }, config, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function configuration(proxy: number, auth: number): string {
  return `events {}

mail {
    server_name  localhost;
    auth_http    127.0.0.1:${String(auth)}/auth;
    imap_auth    plain login;

    server {
        listen    127.0.0.1:${String(proxy)};
        protocol  imap;
    }
}
`;
}

function decide(request: AuthRequest, port: number, tell: DemoOptions['onLogin']) {
  const accepted = request.pass === demoPassword;
  tell?.({
    user: printable(request.user),
    client: printable(request.clientIp),
    attempt: request.attempt,
    accepted,
    backend: accepted ? `127.0.0.1:${String(port)}` : '',
    refusal: accepted ? '' : refusal,
  });
  return accepted ? acceptLogin(port) : refuseLogin(refusal, refusalWait);
}

/** The port to use, found free a moment ago. */
async function freePort(part: keyof DemoPorts, wanted: number): Promise<number> {
  try {
    const probe = await Listening.start({ port: wanted }, (socket) => socket.destroy());
    await probe.close();
    return probe.port;
  } catch (error) {
    throw demoPort(part, wanted, error);
  }
}
