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
import { LogTargets } from '../../../../src/log/log-targets.js';
import { buildServers, type ServerListen } from '../../../../src/mail/build-servers.js';
import { mail } from '../../../../src/mail/core-module.js';
import { ssl } from '../../../../src/mail/modules/ssl/module.js';
import type { TlsPolicy, TlsVerdict } from '../../../../src/mail/tls-policy.js';
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

/** The servers of `mail { ... }`, and what was warned of. The `mail {` line is line 2. */
export async function build(
  text: string,
  main = '',
): Promise<{ readonly listens: readonly ServerListen[]; readonly warnings: readonly string[] }> {
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
  return { listens: buildServers(cycle, new LogTargets()), warnings };
}

/** A certificate that any server may have. */
export const identity = 'ssl_certificate ec.pem; ssl_certificate_key ec.key;';

/** The policy of a server with `listen ... ssl` and these directives. */
export async function policyOf(directives = identity): Promise<TlsPolicy> {
  const { listens } = await build(
    `server { listen 127.0.0.1:1 ssl; protocol toy;\n${directives}\n}`,
  );
  const policy = listens[0]?.server.conf(ssl).policy;
  if (policy === undefined) expect.unreachable('the server has no policy');
  return policy;
}

/** What came of a handshake, as both sides saw it. */
export interface Meeting {
  readonly verdict: TlsVerdict | undefined;
  /** Why the handshake failed, in the client's words. */
  readonly failure: string | undefined;
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
  const server = createServer((socket) => {
    const connection = Connection.adopt(socket, nobody);
    connection.secure(policy.server, () => {
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
  client.on('error', (error) => (failure ??= error.message));
  const closed = once(client, 'close');
  await Promise.race([once(client, 'data').catch(() => undefined), closed]);
  // TLS 1.2 tells of a session with its identifier by no event.
  session ??= client.getSession();
  const serverCertificate = client.getPeerX509Certificate()?.subject;
  client.end();
  await closed;
  server.close();
  await once(server, 'close');
  return { verdict, failure, session, serverCertificate };
}
