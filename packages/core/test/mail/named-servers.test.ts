/** Several servers on one address with TLS: the client's SNI chooses, and nothing of one server reaches another. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions, SecureVersion } from 'node:tls';
import {
  acceptLogin,
  connectClient,
  refuseLogin,
  startAuthServer,
  startScriptedBackend,
  type AuthServer,
  type ScriptedPeer,
} from '@postern/testkit';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ConfigError, createServer, defineModule, mail, type Session } from '../../src/index.js';
import { pathOf } from './modules/proxy/tls-stage.js';
import { fixture, fixtures } from './modules/ssl/tls-servers.js';
import { toyProtocol } from './toy-protocol.js';

const open: { close(): Promise<void> }[] = [];
const directory = mkdtempSync(join(tmpdir(), 'postern-names-'));

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

const identity = (name: string): string =>
  `ssl_certificate ${pathOf(`${name}.crt`)}; ssl_certificate_key ${pathOf(`${name}.key`)};`;

/** A server of that name, with the certificate of the net fixtures. */
const serverOf = (name: string, certificate: string, directives = ''): string =>
  `server { listen 127.0.0.1 ssl; protocol toy; server_name ${name}; ${identity(certificate)} ${directives} }`;

const mailServer = (directives = '') => serverOf('mail.example', 'server', directives);
const otherServer = (directives = '') => serverOf('other.example', 'other', directives);

interface Proxy {
  /** What each session was when it was to be greeted. */
  readonly greeted: readonly Pick<Session, 'serverName' | 'tls'>[];
  readonly log: readonly string[];
  /** A client inside TLS, not yet greeted. */
  connect(options?: ConnectionOptions): Promise<ScriptedPeer>;
}

async function startProxy(servers: string): Promise<Proxy> {
  const greeted: Pick<Session, 'serverName' | 'tls'>[] = [];
  const log: string[] = [];
  const probe = defineModule({
    name: 'probe',
    api: 1,
    requires: [mail],
    setup(cycle) {
      cycle.hooks(mail).protocols.tap('probe', (registry) => {
        registry.add(toyProtocol);
      });
      cycle.hooks(mail).greet.tap('probe', ({ serverName, tls }) => {
        greeted.push({ serverName, tls });
      });
    },
  });
  const server = await createServer({
    modules: [probe],
    config: `events {} mail { auth_http 127.0.0.1:1; ${servers} }`,
    prefix: fixtures,
    onLog: (line) => log.push(line),
  });
  await server.listen();
  open.push(server);
  const port = Number(server.addresses[0]?.split(':')[1]);
  return {
    greeted,
    log,
    async connect(options) {
      const peer = await connectClient(port);
      open.push(peer);
      await peer.startTls(options);
      return peer;
    },
  };
}

describe('servers that share an address with ssl', () => {
  it.each([
    { name: 'its name', servername: 'other.example', chosen: 'other.example' },
    { name: 'its name in capitals', servername: 'OTHER.Example', chosen: 'other.example' },
    { name: 'the name of the first', servername: 'mail.example', chosen: 'mail.example' },
    { name: 'a name nobody bears', servername: 'x.example', chosen: 'mail.example' },
    { name: 'a name that ends like it', servername: 'an.other.example', chosen: 'mail.example' },
    { name: 'B5: a name with odd letters', servername: '__proto__', chosen: 'mail.example' },
    { name: 'B5: a name of 255 letters', servername: 'a'.repeat(255), chosen: 'mail.example' },
    { name: 'no name', servername: '', chosen: 'mail.example' },
  ])('are chosen by $name', async ({ servername, chosen }) => {
    const proxy = await startProxy(mailServer() + otherServer());
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const peer = await proxy.connect({ servername, maxVersion });
      await peer.expect('hello');
      expect(peer.tls?.getPeerX509Certificate()?.subject).toBe(`CN=${chosen}`);
    }
    expect(proxy.greeted.map(({ serverName }) => serverName)).toEqual([chosen, chosen]);
  });

  it('have each its own log, timeout, limits and auth service', async () => {
    const backend = await startScriptedBackend(async (proxy) => {
      await proxy.sendLine('hi');
      await proxy.expect('LOGIN');
      await proxy.sendLine('ok welcome');
    });
    open.push(backend);
    const first: AuthServer = await startAuthServer(() => refuseLogin('not here'));
    open.push(first);
    const second = await startAuthServer(() => acceptLogin(backend.port));
    open.push(second);
    const logs = [join(directory, 'first.log'), join(directory, 'second.log')] as const;
    const own = (auth: AuthServer, log: string): string =>
      `auth_http 127.0.0.1:${String(auth.port)}; error_log ${log} info;`;
    const proxy = await startProxy(
      mailServer(own(first, logs[0])) + otherServer(`${own(second, logs[1])} max_errors 1;`),
    );
    const peer = await proxy.connect({ servername: 'other.example' });
    await peer.send('LOGIN bob secret\r\n');
    await peer.expect('hello', 'ok welcome');
    const hasty = await proxy.connect({ servername: 'other.example' });
    await hasty.send('WHAT\r\n');
    await hasty.expect('hello', 'bad');
    await hasty.ended;
    const patient = await proxy.connect();
    await patient.send('WHAT\r\nLOGIN bob secret\r\n');
    await patient.expect('hello', 'bad', 'no not here');
    await expect
      .poll(() => readFileSync(logs[1], 'utf8'))
      .toMatch(/client logged in, client: .*\n(.*\n)*.*client sent too many invalid commands/);
    await expect.poll(() => readFileSync(logs[0], 'utf8')).toContain('login failed: "not here"');
    expect(readFileSync(logs[0], 'utf8')).not.toContain('client logged in');
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  });

  it('speak the one protocol that ALPN names', async () => {
    const proxy = await startProxy(mailServer() + otherServer());
    const peer = await proxy.connect({ servername: 'other.example', ALPNProtocols: ['h2', 'toy'] });
    await peer.expect('hello');
    const refused = proxy.connect({ servername: 'other.example', ALPNProtocols: ['h2'] });
    await expect(refused).rejects.toThrow(/no application protocol/);
  });
});

const both: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];
const as = (name: string): ConnectionOptions => ({
  cert: fixture(`${name}.pem`),
  key: fixture(`${name}.key`),
});
const verifiesBy = (root: string) => `ssl_verify_client on; ssl_client_certificate ${root}.pem;`;

describe('clients of servers that share an address', () => {
  it.each([
    { name: 'a good one', asked: 'other.example', client: as('client'), reply: 'hello' },
    { name: 'none', asked: 'other.example', client: {}, reply: 'nocert' },
    { name: 'a foreign one', asked: 'other.example', client: as('foreign'), reply: 'cert' },
    { name: 'none where none is asked for', asked: 'mail.example', client: {}, reply: 'hello' },
    {
      name: 'a bad one where none is asked for',
      asked: 'mail.example',
      client: as('alone'),
      reply: 'hello',
    },
  ])('are judged by the server they asked for: $name', async ({ asked, client, reply }) => {
    const proxy = await startProxy(mailServer() + otherServer(verifiesBy('root')));
    for (const maxVersion of both) {
      const peer = await proxy.connect({ servername: asked, maxVersion, ...client });
      await peer.expect(reply);
    }
    const isAsked = asked === 'other.example';
    const verdicts = proxy.greeted.map(({ tls }) => tls?.verify);
    const expected = isAsked ? 'SUCCESS' : undefined;
    expect(verdicts).toEqual(reply === 'hello' ? [expected, expected] : []);
  });

  it('are judged by the first server where they ask for none', async () => {
    const proxy = await startProxy(mailServer(verifiesBy('root')) + otherServer());
    await (await proxy.connect()).expect('nocert');
    await (await proxy.connect(as('client'))).expect('hello');
    await (await proxy.connect({ servername: 'other.example' })).expect('hello');
    expect(proxy.log.join('\n')).toContain('client sent no required SSL certificate');
  });
});

/** A client's session at the server of this name. */
async function sessionAt(proxy: Proxy, options: ConnectionOptions): Promise<Buffer | undefined> {
  const peer = await proxy.connect(options);
  let session: Buffer | undefined;
  peer.tls?.on('session', (fresh: Buffer) => (session = fresh));
  await peer.expect('hello');
  session ??= peer.tls?.getSession();
  await peer.close();
  return session;
}

describe('a session of a server that shares its address', () => {
  it.each(both)('is not resumed: its name would be lost, %s', async (maxVersion) => {
    const proxy = await startProxy(mailServer() + otherServer());
    const options = { servername: 'other.example', maxVersion };
    const session = await sessionAt(proxy, options);
    const peer = await proxy.connect({ ...options, ...(session && { session }) });
    await peer.expect('hello');
    expect(peer.tls?.isSessionReused()).toBe(false);
    expect(proxy.greeted.at(-1)?.serverName).toBe('other.example');
  });

  it.each(both)('B4: from a server of its own is not resumed either, %s', async (maxVersion) => {
    const alone = await startProxy(mailServer());
    const session = await sessionAt(alone, { maxVersion });
    const proxy = await startProxy(mailServer() + otherServer());
    const peer = await proxy.connect({ maxVersion, ...(session && { session }) });
    await peer.expect('hello');
    expect(peer.tls?.isSessionReused()).toBe(false);
  });

  it.each(both)('does not end resumption for the same server elsewhere, %s', async (maxVersion) => {
    const alone = await startProxy(mailServer());
    await startProxy(mailServer() + otherServer());
    const session = await sessionAt(alone, { maxVersion });
    const peer = await alone.connect({ maxVersion, ...(session && { session }) });
    await peer.expect('hello');
    expect(peer.tls?.isSessionReused()).toBe(true);
  });

  const third = (directives: string) => serverOf('third.example', 'server', directives);
  const cases = both.flatMap((maxVersion) =>
    [
      { from: 'mail.example', client: {} },
      { from: 'mail.example', client: as('foreign') },
      { from: 'third.example', client: as('foreign') },
      { from: '', client: as('foreign') },
    ].map((one) => ({ ...one, maxVersion })),
  );

  it.each(cases)(
    'B4: from "$from" brings no trust to another one, $maxVersion',
    async ({ from, client, maxVersion }) => {
      const proxy = await startProxy(
        mailServer() + otherServer(verifiesBy('root')) + third(verifiesBy('other-root')),
      );
      const session = await sessionAt(proxy, { servername: from, maxVersion, ...client });
      const peer = await proxy.connect({
        servername: 'other.example',
        maxVersion,
        ...(session && { session }),
      });
      await peer.expect('nocert');
      expect(peer.tls?.isSessionReused()).toBe(false);
    },
  );

  it.each(cases)(
    'B4: from "$from" brings no trust to another one by a shared cache, $maxVersion',
    async ({ from, client, maxVersion }) => {
      const cache = 'ssl_session_tickets off; ssl_session_cache shared:names:1m;';
      const proxy = await startProxy(
        `${cache} ${mailServer()} ${otherServer(verifiesBy('root'))} ${third(verifiesBy('other-root'))}`,
      );
      const session = await sessionAt(proxy, { servername: from, maxVersion, ...client });
      const peer = await proxy.connect({
        servername: 'other.example',
        maxVersion,
        ...(session && { session }),
      });
      await peer.expect('nocert');
      expect(peer.tls?.isSessionReused()).toBe(false);
    },
  );
});

describe('an address', () => {
  const clear = (name: string) => `server { listen 127.0.0.1; protocol toy; server_name ${name}; }`;

  it.each([
    { name: 'twice without ssl', servers: clear('a.example') + clear('b.example') },
    { name: 'with and without ssl', servers: mailServer() + clear('b.example') },
    { name: 'twice with one name', servers: mailServer() + mailServer() },
    {
      name: 'twice with one name in other letters',
      servers: mailServer() + serverOf('MAIL.example', 'server'),
    },
    {
      name: 'with and without proxy_protocol',
      servers: mailServer() + otherServer().replace(' ssl;', ' ssl proxy_protocol;'),
    },
  ])('$name is a duplicate, as in nginx', async ({ servers }) => {
    const failure: unknown = await startProxy(servers).catch((error: unknown) => error);
    if (!(failure instanceof ConfigError)) expect.unreachable('no ConfigError');
    expect(failure.message).toBe('duplicate "127.0.0.1:0" address and port pair');
  });
});
