/**
 * Clients that people use, over TLS, through postern to a Dovecot and a Postfix that are reached by TLS only: each client
 * with TLS from the first byte and by command, and backends with good and with bad certificates.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ImapFlow } from 'imapflow';
import { createTransport } from 'nodemailer';
import { acceptLogin, connectClient, startAuthServer, type AuthServer } from '@postern/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { alice } from '../accounts.js';
import { run } from '../child.js';
import { curl } from '../curl.js';
import { Ensemble } from '../ensemble.js';
import { letterTo } from '../message.js';
import { reader } from '../postfix-config.js';
import type { Protocol } from '../proxy-process.js';
import { makeCertificates, type Certificates, type Flaw } from './certificates.js';
import { startTlsProxy, type TlsProxy } from './proxy.js';
import { addresses, startTlsDovecot, type TlsDovecot } from './tls-dovecot.js';
import { startTlsPostfix, type TlsPostfix } from './tls-postfix.js';

type Way = 'on' | 'starttls';

const letter = letterTo(alice.user).toString();
let files: Certificates;
let dovecot: TlsDovecot;
let postfix: TlsPostfix;
let auth: AuthServer;
let proxy: TlsProxy;
/** Which backend the auth service names, and how it is to be reached. */
let flaw: Flaw = 'good';
let way: Way = 'on';

const backendOf = (protocol: Protocol): { readonly server: string; readonly port: number } =>
  protocol === 'smtp'
    ? { server: '127.0.0.1', port: postfix.ports[flaw][way] }
    : { server: addresses[flaw], port: dovecot[way][protocol] };

beforeAll(() =>
  Ensemble.start(async (ensemble) => {
    files = await makeCertificates();
    await ensemble.add(Promise.resolve(files), (each) => {
      each.remove();
      return Promise.resolve();
    });
    dovecot = await ensemble.add(startTlsDovecot(files), (each) => each.stop());
    postfix = await ensemble.add(startTlsPostfix(files), (each) => each.stop());
    auth = await ensemble.add(
      startAuthServer((request) => {
        const { server, port } = backendOf(request.protocol as Protocol);
        return acceptLogin(port, { server, headers: [['Auth-Server-TLS', way]] });
      }),
      (each) => each.close(),
    );
    proxy = await ensemble.add(
      startTlsProxy(
        files,
        auth.port,
        `proxy_ssl_trusted_certificate ${files.authority}; proxy_ssl_name mail.example.com;
         smtp_auth plain login; imap_capabilities IMAP4rev1 UIDPLUS IDLE;`,
      ),
      (each) => each.stop(),
    );
    return () => ensemble.stop();
  }),
);

const python = fileURLToPath(new URL('clients/tls.py', import.meta.url));

/** Runs clients/tls.py; gives what it found. */
async function runPython(what: string, port: number, how: 'ssl' | 'starttls'): Promise<string> {
  const { user, password } = alice;
  const input = JSON.stringify({
    what,
    port,
    way: how,
    authority: files.authority,
    user,
    password,
  });
  return JSON.parse((await run('python3', ['-B', python], { input })).toString()) as string;
}

/** Tests are named for how the client, and behind it the backend, is reached. */
const ways = [
  { client: 'ssl', backend: 'on' },
  { client: 'starttls', backend: 'starttls' },
] as const;

describe.each(ways)('by $client, with the backend by $backend,', ({ client, backend }) => {
  beforeAll(() => {
    flaw = 'good';
    way = backend;
  });

  const secure = client === 'ssl';

  it.each(['imap', 'pop3'] as const)('python reads a letter over %s', async (protocol) => {
    expect(await runPython(protocol, proxy.ports[protocol][client], client)).toBe(letter);
  });

  it('python sends to a reader over smtp', async () => {
    expect(await runPython('smtp', proxy.ports.smtp[client], client)).toBe('250');
  });

  it.each(['imap', 'pop3'] as const)('curl reads a letter over %s', async (protocol) => {
    const scheme = secure ? `${protocol}s` : protocol;
    const path = protocol === 'imap' ? '/INBOX;MAILINDEX=1' : '/1';
    const url = `${scheme}://127.0.0.1:${String(proxy.ports[protocol][client])}${path}`;
    const message = await curl(url, '--cacert', files.authority, '--ssl-reqd');
    expect(message.toString()).toBe(letter);
  });

  it('curl sends a message over smtp', async () => {
    const url = `${secure ? 'smtps' : 'smtp'}://127.0.0.1:${String(proxy.ports.smtp[client])}/client.test`;
    const message = new URL('../message.ts', import.meta.url);
    await curl(
      url,
      ...['--cacert', files.authority, '--ssl-reqd'],
      ...['--mail-from', 'alice@example.com', '--mail-rcpt', reader],
      ...['--upload-file', fileURLToPath(message)],
    );
  });

  it('imapflow reads a letter', async () => {
    const flow = new ImapFlow({
      host: '127.0.0.1',
      port: proxy.ports.imap[client],
      secure,
      ...(!secure && { doSTARTTLS: true }),
      tls: { ca: readFileSync(files.authority) },
      logger: false,
      auth: { user: alice.user, pass: alice.password },
    });
    await flow.connect();
    await flow.mailboxOpen('INBOX');
    const message = await flow.fetchOne('1', { source: true });
    await flow.logout();
    expect(message === false ? '' : message.source?.toString()).toBe(letter);
  });

  it('nodemailer sends a message', async () => {
    const transport = createTransport({
      host: '127.0.0.1',
      port: proxy.ports.smtp[client],
      secure,
      requireTLS: true,
      tls: { ca: readFileSync(files.authority) },
      auth: { user: alice.user, pass: alice.password },
    });
    const message = { from: 'alice@example.com', to: reader, subject: 'x', text: 'Hello.' };
    const { response } = await transport.sendMail(message).finally(() => {
      transport.close();
    });
    expect(response).toMatch(/^250 2\.0\.0 Ok: queued as /);
  });
});

describe('python ssl', () => {
  it('reads close_notify after LOGOUT, before a login and behind one', async () => {
    const all = Array.from({ length: 4 }, () => 'close_notify');
    expect(JSON.parse(await runPython('close', proxy.ports.imap.ssl, 'ssl'))).toEqual(all);
  });

  it('resumes its session although it reads one line and leaves', async () => {
    expect(await runPython('resume', proxy.ports.imap.ssl, 'ssl')).toBe('[true, true]');
  });
});

const logins: Readonly<Record<Protocol, string>> = {
  imap: `a LOGIN ${alice.user} ${alice.password}\r\n`,
  pop3: `USER ${alice.user}\r\nPASS ${alice.password}\r\n`,
  smtp: `AUTH PLAIN ${Buffer.from(`\0${alice.user}\0${alice.password}`).toString('base64')}\r\n`,
};
const answers: Readonly<Record<Protocol, readonly (string | RegExp)[]>> = {
  imap: ['* OK IMAP4 ready', '* BAD internal server error'],
  pop3: ['+OK POP3 ready', '+OK', '-ERR internal server error'],
  smtp: ['220 mail.example.com ESMTP ready', '451 4.3.2 Internal server error'],
};

const flaws = [
  {
    name: 'expired',
    reason: 'upstream SSL certificate verify error: (10:certificate has expired)',
  },
  { name: 'wrong-name', reason: 'upstream SSL certificate does not match "mail.example.com"' },
  {
    name: 'self-signed',
    reason: 'upstream SSL certificate verify error: (18:self-signed certificate)',
  },
] as const;
const failures = flaws.flatMap((each) =>
  (['imap', 'pop3', 'smtp'] as const).flatMap((protocol) =>
    (['on', 'starttls'] as const).map((backend) => ({ ...each, protocol, backend })),
  ),
);

describe('a backend whose certificate is not good', () => {
  it.each(failures)('$name: no login over $protocol, TLS $backend', async (wanted) => {
    const { name, protocol, backend, reason } = wanted;
    flaw = name;
    way = backend;
    const { server, port } = backendOf(protocol);
    const client = await connectClient(proxy.ports[protocol].ssl);
    try {
      await client.startTls();
      await client.send(logins[protocol]);
      await client.expect(...answers[protocol]);
      await client.ended;
    } finally {
      await client.close();
    }
    const line = proxy.log().split('\n').at(-1);
    expect(line).toContain(`${reason} while SSL handshaking to upstream, client: 127.0.0.1`);
    expect(line).toContain(`login: "${alice.user}", upstream: ${server}:${String(port)}`);
    expect(proxy.log()).not.toContain(alice.password);
  });
});
