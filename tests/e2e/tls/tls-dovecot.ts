/**
 * A private Dovecot that speaks TLS, by command and from the first byte, with a certificate for each of its addresses.
 * It must be started as root, as every Dovecot whose mail belongs to another user.
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../free-port.js';
import { alice } from '../accounts.js';
import { Child } from '../child.js';
import { dovecotConf, mailUser, usersFile, type DovecotPorts } from '../dovecot-config.js';
import { letterTo } from '../message.js';
import { familyOf, isRunning, textOf } from '../processes.js';
import { until } from '../until.js';
import type { Certificates, Flaw } from './certificates.js';
import { isListening } from './is-listening.js';

/** Where servers with each certificate are. */
export const addresses: Readonly<Record<Flaw, string>> = {
  good: '127.0.1.1',
  expired: '127.0.1.2',
  'wrong-name': '127.0.1.3',
  'self-signed': '127.0.1.4',
};

/** A running Dovecot, with a letter to alice. */
export interface TlsDovecot {
  /** Ports with STARTTLS, and with TLS from the first byte. */
  readonly starttls: DovecotPorts;
  readonly on: DovecotPorts;
  log(): string;
  stop(): Promise<void>;
}

function configuration(
  directory: string,
  { servers }: Certificates,
  starttls: DovecotPorts,
  on: DovecotPorts,
): string {
  const identity = (flaw: Flaw): string =>
    `ssl_cert = <${servers[flaw].certificate}\nssl_key = <${servers[flaw].key}\n`;
  const flaws: readonly Flaw[] = ['good', 'expired', 'wrong-name', 'self-signed'];
  const locals = flaws.map((flaw) => `local ${addresses[flaw]} {\n${identity(flaw)}}\n`).join('');
  const implicit = (name: string, port: number): readonly [string, string] => [
    `inet_listener ${name} {\n    port = 0`,
    `inet_listener ${name} {\n    port = ${String(port)}\n    ssl = yes`,
  ];
  const changes: readonly (readonly [from: string, to: string])[] = [
    ['ssl = no', `ssl = yes\n${identity('good')}`],
    ['listen = 127.0.0.1', `listen = ${Object.values(addresses).join(', ')}`],
    ['disable_plaintext_auth = no', 'disable_plaintext_auth = yes'],
    implicit('imaps', on.imap),
    implicit('pop3s', on.pop3),
  ];
  let text = dovecotConf(directory, starttls, join(directory, 'auth'));
  for (const [from, to] of changes) text = text.replace(from, to);
  // Loopback counts as secure otherwise.
  return `${text}\nlogin_trusted_networks =\n${locals}`;
}

/** Starts Dovecot. */
export async function startTlsDovecot(certificates: Certificates): Promise<TlsDovecot> {
  const directory = mkdtempSync(join(tmpdir(), 'dovecot-'));
  chmodSync(directory, 0o755);
  const starttls = { imap: await freePort(), pop3: await freePort() };
  const on = { imap: await freePort(), pop3: await freePort() };
  const conf = join(directory, 'dovecot.conf');
  writeFileSync(conf, configuration(directory, certificates, starttls, on));
  writeFileSync(join(directory, 'users'), usersFile(directory, [alice]));
  deliver(join(directory, 'mail', alice.home, 'Maildir'));
  const child = new Child('dovecot', ['-F', '-c', conf]);
  const log = (): string => child.output + textOf(join(directory, 'dovecot.log'));
  const stop = async (): Promise<void> => {
    const all = familyOf(child.pid);
    await child.stop();
    await until('end of all processes of Dovecot', () => !all.some(isRunning));
    rmSync(directory, { recursive: true });
  };
  try {
    const ports = [starttls.imap, starttls.pop3, on.imap, on.pop3];
    await until(
      'ports of Dovecot',
      async () => {
        if (child.hasEnded) throw new Error(`Dovecot did not start: ${log()}`);
        const open = await Promise.all(ports.map((port) => isListening(addresses.good, port)));
        return open.every(Boolean);
      },
      { state: log },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { starttls, on, log, stop };
}

function deliver(inbox: string): void {
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(inbox, part), { recursive: true });
  const letter = join(inbox, 'new', '1.1.e2e');
  writeFileSync(letter, letterTo(alice.user));
  for (const path of ['..', '', 'cur', 'new', 'tmp'].map((part) => join(inbox, part))) {
    chownSync(path, mailUser.uid, mailUser.gid);
  }
  chownSync(letter, mailUser.uid, mailUser.gid);
}
