/**
 * postern in this process with imap, pop3 and smtp, each on an address in clear text and on one with TLS, and an auth
 * service behind it. What a stage opens is closed by `closeStages`.
 */
import { fileURLToPath } from 'node:url';
import { createServer } from '@postern/core';
import { imap } from '@postern/mail-imap';
import { pop3 } from '@postern/mail-pop3';
import { smtp } from '@postern/mail-smtp';
import {
  connectClient,
  refuseLogin,
  startAuthServer,
  type Answerer,
  type AuthServer,
  type PeerOptions,
  type ScriptedPeer,
} from '@postern/testkit';
import { languages, type ProtocolName } from './languages.js';

const opened: { close(): Promise<void> }[] = [];

/** Closes what was opened, the last first. For `afterEach`. */
export async function closeStages(): Promise<void> {
  for (const each of opened.splice(0).reverse()) await each.close();
}

/** Has it closed by {@link closeStages}. */
export function keep<T extends { close(): Promise<void> }>(one: T): T {
  opened.push(one);
  return one;
}

/** The path of a certificate or key of core's tests of sockets. */
export const pathOf = (name: string): string =>
  fileURLToPath(new URL(`../../packages/core/test/net/fixtures/${name}`, import.meta.url));

/** The path of a client's certificate or key, or of an authority, of core's tests of the ssl module. */
export const clientPathOf = (name: string): string =>
  fileURLToPath(
    new URL(`../../packages/core/test/mail/modules/ssl/fixtures/${name}`, import.meta.url),
  );

/** The name and key of the certificate that the proxy shows. */
const identity = `ssl_certificate ${pathOf('server.crt')}; ssl_certificate_key ${pathOf('server.key')};`;

/** How a stage is set. */
export interface StageOptions {
  readonly protocol: ProtocolName;
  /** Further directives of both servers. */
  readonly directives?: string;
  /** Of the server in clear text; default `starttls on;`. */
  readonly clear?: string;
  /** Of the server with TLS from the first byte. */
  readonly implicit?: string;
  /** What the auth service answers; default: nobody is let in. */
  readonly answer?: Answerer;
}

/** The running servers. */
export interface Stage {
  readonly auth: AuthServer;
  /** The log without its times, with `P` for every port. */
  readonly log: readonly string[];
  /** A client in clear text that has read its greeting. */
  clear(options?: PeerOptions): Promise<ScriptedPeer>;
  /** A client of the port with TLS, before its handshake. */
  implicit(options?: PeerOptions): Promise<ScriptedPeer>;
}

/** Starts an auth service and a proxy. */
export async function setStage(options: StageOptions): Promise<Stage> {
  const { protocol, directives = '', clear = 'starttls on;', implicit = '' } = options;
  const auth = keep(await startAuthServer(options.answer ?? (() => refuseLogin('Nobody'))));
  const log: string[] = [];
  const common = `protocol ${protocol}; ${languages[protocol].conf} ${identity} ${directives}`;
  const server = keep(
    await createServer({
      modules: [imap, pop3, smtp],
      config: `events {} mail {
        server_name mail.example;
        auth_http 127.0.0.1:${String(auth.port)}/auth;
        server { listen 127.0.0.1; ${common} ${clear} }
        server { listen 127.0.0.2 ssl; ${common} ${implicit} }
      }`,
      onLog: (line) => log.push(line.replace(/^.*?#0: /, '').replaceAll(/:\d+\b/g, ':P')),
    }),
  );
  await server.listen();
  const connect = async (at: number, peer?: PeerOptions): Promise<ScriptedPeer> => {
    const [host = '', port = '0'] = (server.addresses[at] ?? '').split(':');
    return keep(await connectClient({ host, port: Number(port) }, peer));
  };
  return {
    auth,
    log,
    async clear(peer) {
      const client = await connect(0, peer);
      await client.expect(languages[protocol].greeting);
      return client;
    },
    implicit: (peer) => connect(1, peer),
  };
}
