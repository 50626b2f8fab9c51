/**
 * Everything that a look at postern needs, in one process: an auth service, a mail server that speaks IMAP, POP3 and
 * SMTP and has one mailbox, and the proxy between them, on ports that need no privileges.
 */
import { createServer, type AnyModule } from '@postern/core';
import { acceptLogin, refuseLogin, type AuthAnswer } from './auth-answer.js';
import type { AuthRequest } from './auth-request.js';
import { startAuthServer } from './auth-server.js';
import { printable } from './bytes-text.js';
import {
  demoConfig,
  demoPartNames,
  demoPassword,
  demoPorts,
  type DemoPorts,
} from './demo-config.js';
import { demoPort } from './errors.js';
import { startImapBackend } from './imap-backend/server.js';
import { Listening } from './listening.js';
import { startPop3Backend } from './pop3-backend/server.js';
import { startSmtpBackend } from './smtp-backend/server.js';

/** A login, as the auth service decided it. Texts are printable. */
export interface DemoLogin {
  readonly protocol: string;
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
  /** The protocol modules: `[imap, pop3, smtp]`. */
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

const refusal = `wrong password; in this demo it is "${demoPassword}" for every user`;
/** Seconds that a refused client waits for the answer. */
const refusalWait = 1;

/** Starts the demo. Rejects with a sentence that names the port when one is taken; nothing stays open then. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const opened: Closable[] = [];
  const close = async (): Promise<void> => {
    for (const part of opened.splice(0).reverse()) await part.close();
  };
  try {
    const ports = await freePorts({ ...demoPorts, ...options.ports });
    await startParts(options, ports, opened);
    return { ports, config: demoConfig(ports), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Closable {
  close(): Promise<void>;
}

/** Starts one part after the other; each is added to `opened`. */
async function startParts(
  { modules, onLogin, onLog = () => undefined }: DemoOptions,
  ports: DemoPorts,
  opened: Closable[],
): Promise<void> {
  const imap = await startImapBackend({ port: ports.imapBackend });
  opened.push(imap);
  const mailbox = imap.inbox;
  opened.push(await startPop3Backend({ port: ports.pop3Backend, mailbox }));
  opened.push(await startSmtpBackend({ port: ports.smtpBackend, mailbox }));
  const answer = (request: AuthRequest): AuthAnswer => decide(request, ports, onLogin);
  opened.push(await startAuthServer(answer, { port: ports.auth, keep: 100 }));
  const config = demoConfig(ports);
  const proxy = await createServer({ modules, config, onLog, logLevel: 'warn' });
  opened.push(proxy);
  await proxy.listen();
}

function decide(request: AuthRequest, ports: DemoPorts, tell: DemoOptions['onLogin']): AuthAnswer {
  const accepted = request.pass === demoPassword;
  const port = backendOf(request.protocol, ports);
  tell?.({
    protocol: printable(request.protocol),
    user: printable(request.user),
    client: printable(request.clientIp),
    attempt: request.attempt,
    accepted,
    backend: accepted ? `127.0.0.1:${String(port)}` : '',
    refusal: accepted ? '' : refusal,
  });
  return accepted ? acceptLogin(port) : refuseLogin(refusal, refusalWait);
}

function backendOf(protocol: string, ports: DemoPorts): number {
  if (protocol === 'pop3') return ports.pop3Backend;
  return protocol === 'smtp' ? ports.smtpBackend : ports.imapBackend;
}

/** The ports to use. All are held until all are known, so that no two parts are given the same. */
async function freePorts(wanted: DemoPorts): Promise<DemoPorts> {
  const probes: Listening[] = [];
  const free = async (part: keyof DemoPorts): Promise<number> => {
    const probe = await probeOf(part, wanted[part]);
    probes.push(probe);
    return probe.port;
  };
  try {
    return {
      imap: await free('imap'),
      pop3: await free('pop3'),
      smtp: await free('smtp'),
      auth: await free('auth'),
      imapBackend: await free('imapBackend'),
      pop3Backend: await free('pop3Backend'),
      smtpBackend: await free('smtpBackend'),
    };
  } finally {
    for (const probe of probes) await probe.close();
  }
}

async function probeOf(part: keyof DemoPorts, port: number): Promise<Listening> {
  try {
    return await Listening.start({ port }, (socket) => socket.destroy());
  } catch (error) {
    throw demoPort(demoPartNames[part], port, error);
  }
}
