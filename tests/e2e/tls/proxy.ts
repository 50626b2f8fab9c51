/** postern with imap, pop3 and smtp, each with STARTTLS on one port and TLS from the first byte on another. */
import { createServer } from '@postern/core';
import { imap } from '@postern/mail-imap';
import { pop3 } from '@postern/mail-pop3';
import { smtp } from '@postern/mail-smtp';
import { freePort } from '../../free-port.js';
import type { Protocol } from '../proxy-process.js';
import type { Certificates } from './certificates.js';

/** The ports of one protocol. */
export interface TlsPorts {
  readonly starttls: number;
  readonly ssl: number;
}

/** A running proxy. */
export interface TlsProxy {
  readonly ports: Readonly<Record<Protocol, TlsPorts>>;
  log(): string;
  stop(): Promise<void>;
}

/** Starts the proxy. `directives` are those of `mail {}`. */
export async function startTlsProxy(
  { servers }: Certificates,
  authPort: number,
  directives: string,
): Promise<TlsProxy> {
  const lines: string[] = [];
  const { certificate, key } = servers.good;
  const ports = { imap: await freePorts(), pop3: await freePorts(), smtp: await freePorts() };
  const blocks = Object.entries(ports).map(
    ([protocol, { starttls, ssl }]) =>
      `server { listen 127.0.0.1:${String(starttls)}; starttls only; protocol ${protocol}; }
       server { listen 127.0.0.1:${String(ssl)} ssl; protocol ${protocol}; }`,
  );
  const server = await createServer({
    modules: [imap, pop3, smtp],
    config: `events {} mail {
      server_name mail.example.com;
      auth_http 127.0.0.1:${String(authPort)}/auth;
      ssl_certificate ${certificate};
      ssl_certificate_key ${key};
      ${directives}
      ${blocks.join('\n')}
    }`,
    onLog: (line) => lines.push(line),
  });
  await server.listen();
  return { ports, log: () => lines.join('\n'), stop: () => server.close() };
}

async function freePorts(): Promise<TlsPorts> {
  return { starttls: await freePort(), ssl: await freePort() };
}
