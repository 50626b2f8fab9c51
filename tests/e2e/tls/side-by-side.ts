/** nginx and postern with the same configuration, each with an auth service of its own. */
import { createServer } from '@postern/core';
import { imap } from '@postern/mail-imap';
import { pop3 } from '@postern/mail-pop3';
import { smtp } from '@postern/mail-smtp';
import { refuseLogin, startAuthServer, startNginx, type AuthServer } from '@postern/testkit';
import { freePort } from '../../free-port.js';
import { Ensemble } from '../ensemble.js';

/** One of the two. */
export interface Side {
  /** The port of each server, in their order. */
  readonly ports: readonly number[];
  readonly auth: AuthServer;
  /** The log from here on, without times and numbers; call it twice to see what came in between. */
  log(): readonly string[];
}

/** Both. */
export interface SideBySide {
  readonly nginx: Side;
  readonly postern: Side;
  stop(): Promise<void>;
}

/** What nginx before 1.23.4 has otherwise, and what postern saves. */
const common = `ssl_protocols TLSv1.2 TLSv1.3;
auth_http_keepalive 0;
server_name mail.example.com;`;

/** The text of `mail {}`: in each server `{port}` is replaced with a free port, which `{server}` in log lines stands for. */
async function configure(
  servers: readonly string[],
  authPort: number,
): Promise<readonly [ports: readonly number[], text: string]> {
  const ports: number[] = [];
  for (const _ of servers) ports.push(await freePort());
  const blocks = servers.map((server, at) =>
    server.replaceAll('{listen}', `127.0.0.1:${String(ports[at])}`),
  );
  const auth = `auth_http 127.0.0.1:${String(authPort)}/auth;`;
  return [
    ports,
    `${common}\n${auth}\n${blocks.map((block) => `server {\n${block}\n}`).join('\n')}`,
  ];
}

/**
 * Lines about sessions, without what differs from run to run. nginx complains of clients that speak while it closes; whether
 * they do is a matter of luck.
 */
function normal(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => /#\d+: \*\d+ /.test(line) && !line.includes('SSL_shutdown()'))
    .map((line) => line.replace(/^.*?#\d+: \*\d+ /, '').replaceAll(/(?<=\d\.\d+):\d+/g, ':P'));
}

function reader(read: () => string): () => readonly string[] {
  let seen = 0;
  return () => {
    const lines = normal(read());
    const fresh = lines.slice(seen);
    seen = lines.length;
    return fresh;
  };
}

/** Starts both. The servers' log level is info. */
export function startBoth(servers: readonly string[]): Promise<SideBySide> {
  return Ensemble.start(async (ensemble) => {
    const startAuth = () =>
      ensemble.add(
        startAuthServer(() => refuseLogin('Nobody')),
        (each) => each.close(),
      );
    const theirAuth = await startAuth();
    const [theirPorts, theirText] = await configure(servers, theirAuth.port);
    const nginx = await ensemble.add(startNginx(theirText), (each) => each.stop());
    const ourAuth = await startAuth();
    const [ourPorts, ourText] = await configure(servers, ourAuth.port);
    const lines: string[] = [];
    const server = await createServer({
      modules: [imap, pop3, smtp],
      config: `events {} mail { ${ourText} }`,
      onLog: (line) => lines.push(line),
    });
    await ensemble.add(server.listen(), () => server.close());
    return {
      nginx: { ports: theirPorts, auth: theirAuth, log: reader(() => nginx.log()) },
      postern: { ports: ourPorts, auth: ourAuth, log: reader(() => lines.join('\n')) },
      stop: () => ensemble.stop(),
    };
  });
}
