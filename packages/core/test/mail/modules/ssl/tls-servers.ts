/** Servers with TLS from a configuration's text, and real handshakes with them. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { connect, type ConnectionOptions } from 'node:tls';
import { expect } from 'vitest';
import { loadConfiguration } from '../../../../src/config/load.js';
import { Cycle } from '../../../../src/cycle/cycle.js';
import { ErrorLog } from '../../../../src/log/error-log.js';
import type { LogLevel } from '../../../../src/log/levels.js';
import { LogTargets } from '../../../../src/log/log-targets.js';
import { buildServers } from '../../../../src/mail/build-servers.js';
import { mail } from '../../../../src/mail/core-module.js';
import { ssl } from '../../../../src/mail/modules/ssl/module.js';
import type { MailHooks } from '../../../../src/mail/phases.js';
import type { TlsPolicy, TlsVerdict } from '../../../../src/mail/tls-policy.js';
import type { ConfOf } from '../../../../src/module/module.js';
import { Connection, type Receiver } from '../../../../src/net/connection.js';
import { ConnectionSlots } from '../../../../src/net/slots.js';
import { coreModule, eventsModule } from '../../../../src/process/core-module.js';
import { toy } from '../../toy-protocol.js';

/** Directory of the certificates, with a trailing slash. */
export const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url));

/** A file of the fixtures. */
export function fixture(name: string): Buffer {
  return readFileSync(fixtures + name);
}

/** What {@link build} gives. */
export interface Built {
  /** The module's configuration of each server. */
  readonly confs: readonly ConfOf<typeof ssl>[];
  readonly hooks: MailHooks;
  readonly warnings: readonly string[];
}

/** Builds the servers of `mail { ... }`. The `mail {` line is line 2. */
export async function build(text: string, main = ''): Promise<Built> {
  const warnings: string[] = [];
  const configuration = await loadConfiguration({
    file: `${fixtures}nginx.conf`,
    text: `events {} ${main}\nmail {\n${text}\n}\n`,
    prefix: '/',
    modules: [coreModule, eventsModule, mail, toy, ssl],
    warn: (message) => warnings.push(message),
  });
  const connections = new ConnectionSlots(10);
  const cycle = new Cycle({ configuration, log: new ErrorLog([]), connections });
  const listens = buildServers(cycle, new LogTargets());
  const confs = listens.map(({ server }) => server.conf(ssl));
  return { confs, hooks: cycle.hooks(mail), warnings };
}

/** A certificate that any server may have. */
export const identity = 'ssl_certificate ec.pem; ssl_certificate_key ec.key;';

/** The policy of a server with `listen ... ssl` and these directives. */
export async function policyOf(directives = identity): Promise<TlsPolicy> {
  const { confs } = await build(`server { listen 127.0.0.1:1 ssl; protocol toy;\n${directives}\n}`);
  const policy = confs[0]?.policy;
  if (policy === undefined) expect.unreachable('the server has no policy');
  return policy;
}

/** What came of a handshake, as both sides saw it. */
export interface Meeting {
  readonly verdict: TlsVerdict | undefined;
  /** Why the handshake failed, in the client's words. */
  readonly failure: string | undefined;
  /** The same for the log of the server. */
  readonly logged: { readonly level: LogLevel; readonly message: string } | undefined;
  /** A session to resume, where the client got one. */
  readonly session: Buffer | undefined;
  /** Subject of the certificate that the server showed. */
  readonly serverCertificate: string | undefined;
}

const nobody: Receiver = {
  received: () => undefined,
  ended: (connection) => {
    connection.end();
  },
  closed: () => undefined,
};

/** A client and a server of this policy shake hands; the server says one word, and both leave. */
export async function meet(policy: TlsPolicy, options: ConnectionOptions = {}): Promise<Meeting> {
  let verdict: TlsVerdict | undefined;
  let logged: Meeting['logged'];
  const server = createServer((socket) => {
    const connection = Connection.adopt(socket, nobody);
    connection.secure(policy.server, (error) => {
      if (error !== undefined) logged = { level: error.level, message: error.message };
      if (connection.tls !== undefined) verdict = policy.judge(connection.tls);
      connection.send(Buffer.from('word'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  let session: Buffer | undefined;
  let failure: string | undefined;
  client.on('session', (fresh) => (session = fresh));
  client.on('error', (error: Error) => (failure ??= error.message));
  // `once` of node:events would reject at an 'error'.
  const closed = new Promise((resolve) => client.once('close', resolve));
  await Promise.race([new Promise((resolve) => client.once('data', resolve)), closed]);
  // TLS 1.2 tells of a session with its identifier by no event.
  session ??= client.getSession();
  const serverCertificate = client.getPeerX509Certificate()?.subject;
  client.end();
  await closed;
  server.close();
  await once(server, 'close');
  return { verdict, failure, logged, session, serverCertificate };
}
