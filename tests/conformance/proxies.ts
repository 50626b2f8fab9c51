/** Starts nginx and postern with the same configuration text. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from '@postern/core';
import { imap } from '@postern/mail-imap';
import { pop3 } from '@postern/mail-pop3';
import { smtp } from '@postern/mail-smtp';
import {
  makeCertificate,
  startNginx,
  type CertificateFiles,
  type ProxyPlan,
  type RunningProxy,
} from '@postern/testkit';
import { freePort } from '../free-port.js';

/** A certificate for all servers of a test file, and a way to be rid of it. */
export async function temporaryCertificate(): Promise<
  CertificateFiles & { remove(): Promise<void> }
> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-cert-'));
  const files = await makeCertificate(directory);
  return { ...files, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** A proxy whose log can be read. */
export interface LoggingProxy extends RunningProxy {
  /** Everything logged so far at level info and above. */
  log(): string;
}

/** The server block of a transcript. */
function serverBlock(plan: ProxyPlan, files: CertificateFiles): string {
  const given = (name: string): boolean =>
    plan.server.split('\n').some((line) => line.startsWith(`${name} `));
  const lines = [
    'listen {listen};',
    ...(given('server_name') ? [] : ['server_name mail.example.com;']),
    ...(given('starttls')
      ? [
          `ssl_certificate ${files.certificate};`,
          `ssl_certificate_key ${files.key};`,
          // The default of nginx before 1.23.4 had no TLS 1.3.
          'ssl_protocols TLSv1.2 TLSv1.3;',
        ]
      : []),
    plan.server,
  ];
  return `server {\n${lines.join('\n')}\n}`;
}

/** Where proxies listen: those of a kind run one after the other. */
const ports = { nginx: freePort(), postern: freePort() };

/** Starts nginx for one run of a transcript. */
export const nginxWith =
  (files: CertificateFiles) =>
  async (plan: ProxyPlan): Promise<LoggingProxy> =>
    startNginx(serverBlock(plan, files), { main: plan.main, port: await ports.nginx });

/** Turns off what postern does to save round trips. */
const withoutSavings = ['auth_http_keepalive 0', 'proxy_imap_login literal'];

/**
 * Starts postern for one run of a transcript. `asNginx` turns off what postern does to save round trips, so that
 * every byte can be compared.
 */
export const posternWith =
  (files: CertificateFiles, { asNginx }: { readonly asNginx: boolean }) =>
  async (plan: ProxyPlan): Promise<LoggingProxy> => {
    const lines: string[] = [];
    const port = await ports.postern;
    const likeNginx = asNginx ? withoutSavings.map((each) => `${each};\n`).join('') : '';
    const block = serverBlock(plan, files).replaceAll('{listen}', `127.0.0.1:${String(port)}`);
    const server = await createServer({
      modules: [imap, pop3, smtp],
      config: `${plan.main}\nevents {}\nmail {\n${likeNginx}${block}\n}\n`,
      onLog: (line) => lines.push(line),
    });
    await server.listen();
    return { port, stop: () => server.close(), log: () => lines.join('\n') };
  };
