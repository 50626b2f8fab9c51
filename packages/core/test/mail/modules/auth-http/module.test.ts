import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../../../src/config/load.js';
import { mainConf, serverConf } from '../../../../src/config/merge.js';
import { ConfigError } from '../../../../src/errors.js';
import { mail } from '../../../../src/mail/core-module.js';
import { authHttp } from '../../../../src/mail/modules/auth-http/module.js';
import { createMailHooks } from '../../../../src/mail/phases.js';
import { OwnAddresses } from '../../../../src/net/own-addresses.js';
import type { CycleSetup, DeriveContext } from '../../../../src/module/module.js';
import { ConnectionSlots } from '../../../../src/net/slots.js';
import { coreModule, eventsModule } from '../../../../src/process/core-module.js';
import { RememberingLog, ScriptedServer, sessionFor } from './fixtures.js';

const context: DeriveContext = {
  at: { file: 'nginx.conf', line: 3 },
  protocol: 'pop3',
  serverName: 'mx.test',
  generation: {},
  conf: () => expect.unreachable(),
  error: (message) => new ConfigError(message, { file: 'nginx.conf', line: 3 }),
};

/** The configuration of the only server of `mail {}`, read from text. */
async function confOf(server: string, outer = '') {
  const { root } = await loadConfiguration({
    file: 'nginx.conf',
    text: `events {}\nmail {\n${outer}\nserver {\nlisten 143;\n${server}\n}\n}\n`,
    prefix: '/',
    modules: [coreModule, eventsModule, mail, authHttp],
    warn: () => undefined,
  });
  const scope = root.children.find(({ level }) => level === 'mail')?.children[0];
  if (scope === undefined) expect.unreachable();
  expect(mainConf(root, authHttp)).toEqual({});
  return serverConf(scope, authHttp);
}

async function settingsOf(server: string, outer?: string) {
  const conf = await confOf(server, outer);
  const derived = authHttp.derive?.(conf, context);
  if (derived === undefined) expect.unreachable();
  return derived.settings;
}

const facts = {
  method: 'plain' as const,
  login: Buffer.from('u'),
  secret: Buffer.from('p'),
  salt: undefined,
  attempt: 1,
  clientAddress: '::1',
  clientName: undefined,
  proxied: undefined,
  envelope: undefined,
  tls: undefined,
};

describe('directives', () => {
  it('defaults', async () => {
    expect(await confOf('')).toEqual({
      service: undefined,
      headers: [],
      timeoutMs: 60_000,
      passClientCert: false,
      keepAlive: 16,
      strictStatus: true,
    });
  });

  it('a server without auth_http is refused at its line', async () => {
    await expect(settingsOf('')).rejects.toMatchObject({
      message: 'no "auth_http" is defined for server',
      line: 3,
    });
  });

  it('are inherited from mail, and headers are replaced as a list', async () => {
    const outer = 'auth_http 127.0.0.1:1/a; auth_http_header X-A 1; auth_http_timeout 5s;';
    const inherited = await settingsOf('', outer);
    expect(inherited).toMatchObject({ timeoutMs: 5000, service: { name: '127.0.0.1:1' } });
    expect(inherited.template.encode(facts).toString()).toContain('\r\nX-A: 1\r\n');
    const replaced = await settingsOf('auth_http_header X-B 2; auth_http_header X-C 3;', outer);
    const request = replaced.template.encode(facts).toString();
    expect(request).toContain('Client-IP: ::1\r\nX-B: 2\r\nX-C: 3\r\n\r\n');
  });

  it('the last auth_http of a level counts', async () => {
    const { service } = await settingsOf('auth_http 127.0.0.1:1; auth_http 127.0.0.1:2/b;');
    expect(service).toMatchObject({ name: '127.0.0.1:2', uri: '/b' });
  });

  it.each([
    { text: 'auth_http_keepalive 0;', line: 'GET / HTTP/1.0\r\nHost: 127.0.0.1\r\nAuth-Method' },
    {
      text: '',
      line: 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\nAuth-Method',
    },
  ])('"$text" asks by $line', async ({ text, line }) => {
    const { template } = await settingsOf(`auth_http 127.0.0.1:1; ${text}`);
    expect(template.encode(facts).toString().startsWith(line)).toBe(true);
    expect(template.encode(facts).toString()).toContain('\r\nAuth-Protocol: pop3\r\n');
  });

  it.each([
    'auth_http 127.0.0.1:1 x;',
    'auth_http_header X;',
    'auth_http_header X "a\nb";',
    'auth_http_header X "a\rb";',
    'auth_http_header "X: 1\nY" b;',
    'auth_http_timeout 1M;',
    'auth_http_keepalive -1;',
    'auth_http_strict_status maybe;',
  ])('G5: %j is refused', async (text) => {
    await expect(confOf(text)).rejects.toBeInstanceOf(ConfigError);
  });
});

describe('a cycle', () => {
  let server: ScriptedServer;
  let ended: (() => void)[];

  beforeEach(async () => {
    ended = [];
    server = await ScriptedServer.start(({ socket }) =>
      socket.write(
        'HTTP/1.1 200 OK\r\nAuth-Server: ::1\r\nAuth-Port: 1\r\nContent-Length: 0\r\n\r\n',
      ),
    );
  });

  afterEach(async () => {
    for (const release of ended) release();
    await server.stop();
  });

  it('has auth_http decide about logins, and closes its connections at the end', async () => {
    const hooks = createMailHooks();
    const connections = new ConnectionSlots(10);
    const cycle: CycleSetup = {
      hooks: () => hooks as never,
      main: () => ({}) as never,
      has: () => true,
      log: new RememberingLog(),
      connections,
      listening: new OwnAddresses(),
      onEnd: (release) => ended.push(release),
    };
    authHttp.setup?.(cycle);
    const settings = await settingsOf(`auth_http 127.0.0.1:${String(server.port)};`);
    const verdict = await hooks.authenticate.promise(sessionFor({ conf: { settings } }).session);
    expect(verdict).toEqual({ kind: 'accept', upstream: { host: '::1', port: 1 } });
    expect([server.open, connections.used]).toEqual([1, 1]);
    for (const release of ended) release();
    await server.until(() => server.open === 0);
    expect(connections.used).toBe(0);
  });
});
