/** TLS to backends in the login: `proxy_ssl`, what a bad certificate brings, and answers that come too early. */
import type { TlsBackend, TlsBackendPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import {
  closeAll,
  letIn,
  pathOf,
  startBackend,
  startProxy,
  type BackendOptions,
  type Proxy,
} from './tls-stage.js';

afterEach(closeAll);

const trusted = `proxy_ssl_trusted_certificate ${pathOf('authority.crt')};`;
const ways = ['on', 'starttls'] as const;

/** Where the proxy was when TLS failed. */
const handshaking =
  'while SSL handshaking to upstream, client: 127.0.0.1, server: 127.0.0.1:P, login: "bob", upstream: 127.0.0.1:P';

/** The conversation of a backend up to where its TLS begins. */
async function untilTls({ clear }: TlsBackendPeer, way: 'on' | 'starttls'): Promise<void> {
  if (way === 'on') return;
  await clear.sendLine('hi');
  await clear.expect('STARTTLS');
  await clear.sendLine('ok go');
}

/** The client gets the internal error and is closed; nobody but the auth service ever saw its password. */
async function expectFailure(
  proxy: Proxy,
  backend: TlsBackend,
  log: RegExp | string,
): Promise<void> {
  const client = await proxy.logIn();
  await client.expect('fault');
  await client.ended;
  expect(proxy.log.slice(1)).toEqual([
    typeof log === 'string' ? `*1 ${log}` : expect.stringMatching(log),
  ]);
  expect(proxy.log.join('\n')).not.toContain('secret');
  expect(backend.said()).not.toContain('LOGIN');
  expect(backend.said()).not.toContain('secret');
}

describe.each(ways)('proxy_ssl %s', (way) => {
  const serve = (peer: TlsBackendPeer) => letIn(peer, way);
  const directives = `proxy_ssl ${way}; ${trusted} proxy_ssl_name mail.example;`;

  it('logs in inside TLS and relays both ways', async () => {
    const backend = await startBackend(serve);
    const proxy = await startProxy(directives, () => ({ port: backend.port }));
    const client = await proxy.logIn();
    await client.expect('ok welcome');
    const inside = await backend.peers[0]?.inside;
    if (inside === undefined) expect.unreachable('nobody came');
    await client.sendLine('to the backend');
    await inside.expect('to the backend');
    await inside.sendLine('to the client');
    await client.expect('to the client');
    await inside.close();
    await client.ended;
    expect(proxy.log.slice(1)).toEqual([
      expect.stringContaining('client logged in'),
      expect.stringContaining('proxied session done'),
    ]);
    expect(backend.peers[0]?.clear.received).toBe(way === 'on' ? '' : 'STARTTLS\r\n');
  });

  const untrusted: readonly (BackendOptions & {
    name: string;
    directives?: string;
    log: string;
  })[] = [
    {
      name: 'an expired certificate',
      certificate: 'expired',
      log: 'upstream SSL certificate verify error: (10:certificate has expired)',
    },
    {
      name: 'a certificate of another name',
      certificate: 'other',
      log: 'upstream SSL certificate does not match "mail.example"',
    },
    {
      name: 'a self-signed certificate',
      certificate: 'selfsigned',
      log: 'upstream SSL certificate verify error: (18:self-signed certificate)',
    },
    {
      name: 'a good certificate of another address',
      directives: `proxy_ssl ${way}; ${trusted} proxy_ssl_name 127.0.0.2;`,
      log: 'upstream SSL certificate does not match "127.0.0.2"',
    },
    {
      name: 'an authority that nobody named',
      directives: `proxy_ssl ${way};`,
      log: 'upstream SSL certificate verify error: (21:unable to verify the first certificate)',
    },
  ];

  it.each(untrusted)('A9: gives no password to $name', async (wanted) => {
    const backend = await startBackend(serve, wanted);
    const upstream = { port: backend.port };
    const proxy = await startProxy(wanted.directives ?? directives, () => upstream);
    await expectFailure(proxy, backend, `${wanted.log} ${handshaking}`);
  });

  it.each(['expired', 'other', 'selfsigned'])(
    'takes %s with proxy_ssl_verify off',
    async (certificate) => {
      const backend = await startBackend(serve, { certificate });
      const verifyOff = `${directives} proxy_ssl_verify off;`;
      const proxy = await startProxy(verifyOff, () => ({ port: backend.port }));
      await (await proxy.logIn()).expect('ok welcome');
    },
  );

  it('verifies the address where no name is given', async () => {
    const backend = await startBackend(serve);
    const proxy = await startProxy(`proxy_ssl ${way}; ${trusted}`, () => ({ port: backend.port }));
    await (await proxy.logIn()).expect('ok welcome');
  });

  it('gives a backend up that does not shake hands within timeout', async () => {
    const backend = await startBackend(async (peer) => {
      await untilTls(peer, way);
      await peer.clear.ended;
    });
    const upstream = { port: backend.port };
    const proxy = await startProxy(`${directives} timeout 1s;`, () => upstream);
    const sentence = 'upstream timed out (110: Connection timed out)';
    await expectFailure(proxy, backend, `${sentence} ${handshaking}`);
  });

  it('fails where the backend closes in the handshake', async () => {
    const backend = await startBackend(async (peer) => {
      await untilTls(peer, way);
      await peer.clear.read(5);
      peer.clear.finish();
    });
    const proxy = await startProxy(directives, () => ({ port: backend.port }));
    await expectFailure(proxy, backend, `peer closed connection in SSL handshake ${handshaking}`);
  });

  it('shows the certificate of proxy_ssl_certificate', async () => {
    const subjects: (string | undefined)[] = [];
    const backend = await startBackend(
      async (peer) => {
        await letIn(peer, way);
        subjects.push(peer.tls?.getPeerX509Certificate()?.subject);
      },
      { requestCert: true },
    );
    const own = `proxy_ssl_certificate ${pathOf('client.crt')}; proxy_ssl_certificate_key ${pathOf('client.key')};`;
    const proxy = await startProxy(`${directives} ${own}`, () => ({ port: backend.port }));
    await (await proxy.logIn()).expect('ok welcome');
    expect(subjects).toEqual(['CN=client.example']);
  });

  it.each([
    { text: '', name: undefined },
    { text: 'proxy_ssl_server_name on;', name: 'mail.example' },
  ])('with "$text" sends the name $name by SNI', async ({ text, name }) => {
    const names: unknown[] = [];
    const backend = await startBackend(async (peer) => {
      await letIn(peer, way);
      const asked: unknown = Reflect.get(peer.tls ?? {}, 'servername');
      names.push(typeof asked === 'string' ? asked : undefined);
    });
    const proxy = await startProxy(`${directives} ${text}`, () => ({ port: backend.port }));
    await (await proxy.logIn()).expect('ok welcome');
    expect(names).toEqual([name]);
  });

  it('speaks the versions and ciphers that are set', async () => {
    const backend = await startBackend(serve);
    const text = 'proxy_ssl_protocols TLSv1.2; proxy_ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;';
    const proxy = await startProxy(`${directives} ${text}`, () => ({ port: backend.port }));
    await (await proxy.logIn()).expect('ok welcome');
    const socket = backend.peers[0]?.tls;
    expect(socket?.getProtocol()).toBe('TLSv1.2');
    expect(socket?.getCipher().name).toBe('ECDHE-ECDSA-AES128-GCM-SHA256');
  });

  it('fails where there is no common version', async () => {
    const backend = await startBackend(serve, { context: { maxVersion: 'TLSv1.2' } });
    const text = `${directives} proxy_ssl_protocols TLSv1.3;`;
    const proxy = await startProxy(text, () => ({ port: backend.port }));
    const sentence =
      /SSL_do_handshake\(\) failed \(SSL: error:.*alert protocol version.*\) while SSL handshaking/;
    await expectFailure(proxy, backend, sentence);
  });

  it.each(['TLSv1.2', 'TLSv1.3'])('resumes sessions of %s', async (version) => {
    const backend = await startBackend(serve);
    const text = `${directives} proxy_ssl_protocols ${version};`;
    const proxy = await startProxy(text, () => ({ port: backend.port }));
    for (let login = 0; login < 3; login += 1) {
      const client = await proxy.logIn();
      await client.expect('ok welcome');
      await client.close();
    }
    const resumed = backend.peers.map(({ tls }) => tls?.isSessionReused());
    expect(resumed).toEqual([false, true, true]);
  });

  it.each([
    { name: 'proxy_ssl_session_reuse off', text: 'proxy_ssl_session_reuse off;', backends: 1 },
    { name: 'another backend', text: '', backends: 2 },
  ])('resumes none with $name', async ({ text, backends }) => {
    const all: TlsBackend[] = [];
    for (let n = 0; n < backends; n += 1) all.push(await startBackend(serve));
    const ports = all.map(({ port }) => port);
    const proxy = await startProxy(`${directives} ${text}`, () => {
      const port = ports.shift() ?? 0;
      ports.push(port);
      return { port };
    });
    for (let login = 0; login < 2; login += 1) await (await proxy.logIn()).expect('ok welcome');
    const peers = all.flatMap((each) => each.peers);
    expect(peers.map(({ tls }) => tls?.isSessionReused())).toEqual([false, false]);
  });

  it('shakes hands anew where the backend has forgotten the session', async () => {
    const backend = await startBackend(serve, { forgetful: true });
    const proxy = await startProxy(directives, () => ({ port: backend.port }));
    for (let login = 0; login < 3; login += 1) await (await proxy.logIn()).expect('ok welcome');
    const resumed = backend.peers.map(({ tls }) => tls?.isSessionReused());
    expect(resumed).toEqual([false, false, false]);
  });

  it('sends the PROXY header in clear text in front of everything', async () => {
    const backend = await startBackend(async (peer) => {
      await peer.clear.expect(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+$/);
      await letIn(peer, way);
    });
    const text = `${directives} proxy_protocol on;`;
    const proxy = await startProxy(text, () => ({ port: backend.port }));
    await (await proxy.logIn()).expect('ok welcome');
  });

  it('ends in order where the backend leaves without close_notify', async () => {
    const backend = await startBackend(async (peer) => {
      await letIn(peer, way);
      peer.clear.finish();
    });
    const proxy = await startProxy(directives, () => ({ port: backend.port }));
    const client = await proxy.logIn();
    await client.expect('ok welcome');
    await client.ended;
    expect(proxy.log.slice(1)).toEqual([
      expect.stringContaining('client logged in'),
      expect.stringContaining('proxied session done'),
    ]);
  });
});

describe('a backend that breaks TLS after the handshake', () => {
  it('is logged with what OpenSSL says', async () => {
    const backend = await startBackend(async (peer) => {
      peer.secure();
      await peer.inside;
      await peer.clear.send(Buffer.concat([Buffer.of(0x17, 3, 3, 0, 40), Buffer.alloc(40)]));
    });
    const directives = `proxy_ssl on; ${trusted} proxy_ssl_name mail.example;`;
    const proxy = await startProxy(directives, () => ({ port: backend.port }));
    await expectFailure(
      proxy,
      backend,
      /SSL_read\(\) failed \(SSL: error:0A000119:[^)]*bad record mac\) while reading response/,
    );
  });
});

describe('an answer in clear text', () => {
  const directives = (way: string) => `proxy_ssl ${way}; ${trusted} proxy_ssl_name mail.example;`;
  const wrongVersion =
    'SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number)';

  it.each([
    { name: 'a greeting', text: 'hi there\r\n' },
    { name: 'a greeting and what else a login wants to hear', text: 'hi\r\nok welcome\r\n' },
  ])('A9: before an implicit handshake is an error: $name', async ({ text }) => {
    const backend = await startBackend(async ({ clear }) => {
      await clear.send(text);
      await clear.ended;
    });
    const proxy = await startProxy(directives('on'), () => ({ port: backend.port }));
    await expectFailure(proxy, backend, `${wrongVersion} ${handshaking}`);
  });

  it('A9: in one segment with the answer to STARTTLS is an error', async () => {
    const backend = await startBackend(async (peer) => {
      await peer.clear.sendLine('hi');
      await peer.clear.expect('STARTTLS');
      await peer.clear.send('ok go\r\nok welcome\r\n');
      peer.secure();
      await peer.inside;
    });
    const proxy = await startProxy(directives('starttls'), () => ({ port: backend.port }));
    await expectFailure(
      proxy,
      backend,
      'upstream sent invalid response: "ok welcome\\x0D\\x0A" while reading response from upstream, client: 127.0.0.1, server: 127.0.0.1:P, login: "bob", upstream: 127.0.0.1:P',
    );
  });

  it('A9: half a line behind the answer to STARTTLS is one too', async () => {
    const backend = await startBackend(async ({ clear }) => {
      await clear.sendLine('hi');
      await clear.expect('STARTTLS');
      await clear.send('ok go\r\no');
      await clear.ended;
    });
    const proxy = await startProxy(directives('starttls'), () => ({ port: backend.port }));
    await expectFailure(proxy, backend, /upstream sent invalid response: "o" while reading/);
  });

  it('A9: in a segment behind the answer to STARTTLS breaks the handshake', async () => {
    const backend = await startBackend(async ({ clear }) => {
      await clear.sendLine('hi');
      await clear.expect('STARTTLS');
      await clear.sendLine('ok go');
      await clear.read(5);
      await clear.sendLine('ok welcome');
      await clear.ended;
    });
    const proxy = await startProxy(directives('starttls'), () => ({ port: backend.port }));
    await expectFailure(proxy, backend, `${wrongVersion} ${handshaking}`);
  });

  it('A9: to STARTTLS before it was asked for is an error', async () => {
    const backend = await startBackend(async ({ clear }) => {
      await clear.send('hi\r\nok go\r\n');
      await clear.ended;
    });
    const proxy = await startProxy(directives('starttls'), () => ({ port: backend.port }));
    await expectFailure(proxy, backend, /upstream sent invalid response: "ok go\\x0D\\x0A" while/);
  });

  it('that refuses STARTTLS ends the login: nothing is sent in clear text instead', async () => {
    const backend = await startBackend(async ({ clear }) => {
      await clear.sendLine('hi');
      await clear.expect('STARTTLS');
      await clear.sendLine('no TLS here');
      await clear.ended;
    });
    const proxy = await startProxy(directives('starttls'), () => ({ port: backend.port }));
    await expectFailure(proxy, backend, /upstream sent invalid response: "no TLS here" while/);
  });
});

describe('the auth service', () => {
  const directives = (ssl: string) => `proxy_ssl ${ssl}; ${trusted} proxy_ssl_name mail.example;`;

  it.each([
    { ssl: 'off', tls: 'on' },
    { ssl: 'off', tls: 'starttls' },
    { ssl: 'on', tls: 'off' },
    { ssl: 'on', tls: 'starttls' },
    { ssl: 'starttls', tls: 'on' },
    { ssl: 'starttls', tls: 'off' },
  ] as const)('overrules proxy_ssl $ssl with $tls for one login', async ({ ssl, tls }) => {
    const asked = await startBackend((peer) => letIn(peer, tls));
    const usual = await startBackend((peer) => letIn(peer, ssl));
    const answers = [{ port: asked.port, tls }, { port: usual.port }];
    const proxy = await startProxy(directives(ssl), () => answers.shift() ?? { port: 0 });
    await (await proxy.logIn()).expect('ok welcome');
    await (await proxy.logIn()).expect('ok welcome');
    expect(asked.peers).toHaveLength(1);
    expect(usual.peers).toHaveLength(1);
  });

  it('gets its TLS verified although proxy_ssl is off', async () => {
    const backend = await startBackend((peer) => letIn(peer, 'on'), { certificate: 'expired' });
    const upstream = { port: backend.port, tls: 'on' as const };
    const proxy = await startProxy(directives('off'), () => upstream);
    await expectFailure(proxy, backend, /certificate has expired/);
  });
});
