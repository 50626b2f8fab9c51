/**
 * A private Postfix that speaks TLS, by command and from the first byte, with a certificate for each of its ports. Its
 * processes change users, so it must be started as root.
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../free-port.js';
import { Child, run } from '../child.js';
import { mailUser } from '../dovecot-config.js';
import { mainCf, masterCf } from '../postfix-config.js';
import { familyOf, isRunning, textOf } from '../processes.js';
import { until } from '../until.js';
import type { Certificates, Flaw } from './certificates.js';
import { isListening } from './is-listening.js';

/** The ports of one certificate: with STARTTLS, and with TLS from the first byte. */
export interface PostfixPorts {
  readonly starttls: number;
  readonly on: number;
}

/** A running Postfix. */
export interface TlsPostfix {
  readonly ports: Readonly<Record<Flaw, PostfixPorts>>;
  log(): string;
  stop(): Promise<void>;
}

/** Clients must use TLS; what they say of other clients is believed. */
const tlsMain = `
smtpd_tls_security_level = encrypt
smtpd_tls_loglevel = 1
smtpd_tls_received_header = yes
`;

function services({ servers }: Certificates, ports: TlsPostfix['ports']): string {
  return Object.entries(ports)
    .map(([flaw, { starttls, on }]) => {
      const { certificate, key } = servers[flaw as Flaw];
      const options = `-o smtpd_tls_cert_file=${certificate} -o smtpd_tls_key_file=${key}`;
      return (
        `127.0.0.1:${String(starttls)} inet n - n - - smtpd ${options}\n` +
        `127.0.0.1:${String(on)} inet n - n - - smtpd ${options} -o smtpd_tls_wrappermode=yes\n`
      );
    })
    .join('');
}

async function freePorts(): Promise<PostfixPorts> {
  return { starttls: await freePort(), on: await freePort() };
}

/** Writes the configuration and lets Postfix make the rest. */
async function prepare(
  directory: string,
  certificates: Certificates,
  ports: TlsPostfix['ports'],
): Promise<void> {
  chmodSync(directory, 0o755);
  for (const part of ['etc', 'queue', 'data', 'mail']) mkdirSync(join(directory, part));
  chownSync(join(directory, 'mail'), mailUser.uid, mailUser.gid);
  writeFileSync(join(directory, 'etc/main.cf'), mainCf(directory, { main: tlsMain }));
  const clear = await freePort();
  const tlsManager = 'tlsmgr unix - - n 1000? 1 tlsmgr\n';
  const master = masterCf(clear) + tlsManager + services(certificates, ports);
  writeFileSync(join(directory, 'etc/master.cf'), master);
  const owner = (await run('id', ['-u', 'postfix'])).toString();
  chownSync(join(directory, 'data'), Number(owner), 0);
  await run('postfix', ['-c', join(directory, 'etc'), 'check']);
}

/** Starts Postfix. */
export async function startTlsPostfix(certificates: Certificates): Promise<TlsPostfix> {
  const directory = mkdtempSync(join(tmpdir(), 'postfix-'));
  const ports = {
    good: await freePorts(),
    expired: await freePorts(),
    'wrong-name': await freePorts(),
    'self-signed': await freePorts(),
  };
  await prepare(directory, certificates, ports);
  const child = new Child('/usr/lib/postfix/sbin/master', ['-c', join(directory, 'etc'), '-s']);
  const log = (): string => child.output + textOf(join(directory, 'log'));
  const stop = async (): Promise<void> => {
    const all = familyOf(child.pid);
    await child.stop();
    await until('end of all processes of Postfix', () => !all.some(isRunning));
    rmSync(directory, { recursive: true });
  };
  try {
    await until(
      'ports of Postfix',
      () => {
        if (child.hasEnded) throw new Error(`Postfix did not start: ${log()}`);
        return isListening('127.0.0.1', ports['self-signed'].on);
      },
      { state: log },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports, log, stop };
}
