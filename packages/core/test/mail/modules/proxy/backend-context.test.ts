import { afterEach, describe, expect, it } from 'vitest';
import { createServer } from '../../../../src/index.js';
import { ConfigError } from '../../../../src/errors.js';
import { BackendTls } from '../../../../src/mail/modules/proxy/backend-tls.js';
import { createBackendContext } from '../../../../src/mail/modules/proxy/backend-context.js';
import { fixtures } from '../ssl/tls-servers.js';
import { toy } from '../../toy-protocol.js';
import { closeAll, letIn, pathOf, startBackend, startProxy } from './tls-stage.js';

afterEach(closeAll);

/** Reads the configuration of a server with these directives; gives what is wrong with it. */
async function mistakeIn(directives: string): Promise<string | undefined> {
  const config = `events {} mail { auth_http 127.0.0.1:1; server { listen 127.0.0.1; protocol toy; ${directives} } }`;
  const failure: unknown = await createServer({ modules: [toy], config, prefix: fixtures }).then(
    (server) => server.close(),
    (error: unknown) => error,
  );
  if (failure === undefined) return undefined;
  if (!(failure instanceof ConfigError)) expect.unreachable('no ConfigError');
  return failure.message;
}

const missing = (name: string): string =>
  `error:80000002:system library::No such file or directory:calling fopen(${fixtures}${name}, r) error:10000080:BIO routines::no such file`;

const mistakes = [
  {
    text: 'proxy_ssl_trusted_certificate none.pem;',
    message: `cannot load certificate "${fixtures}none.pem": BIO_new_file() failed (SSL: ${missing('none.pem')})`,
  },
  {
    text: 'proxy_ssl_certificate none.pem; proxy_ssl_certificate_key ec.key;',
    message: `cannot load certificate "${fixtures}none.pem": BIO_new_file() failed (SSL: ${missing('none.pem')})`,
  },
  {
    text: 'proxy_ssl_certificate ec.pem;',
    message: 'no "proxy_ssl_certificate_key" is defined for certificate "ec.pem"',
  },
  {
    text: 'proxy_ssl_certificate ec.pem; proxy_ssl_certificate_key rsa.key;',
    message: `SSL_CTX_use_PrivateKey("${fixtures}rsa.key") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)`,
  },
  {
    text: 'proxy_ssl_certificate small.pem; proxy_ssl_certificate_key small.key; proxy_ssl_ciphers HIGH:@SECLEVEL=2;',
    message: `SSL_CTX_use_certificate("${fixtures}small.pem") failed (SSL: error:0A00018F:SSL routines::ee key too small)`,
  },
] as const;

describe('proxy_ssl', () => {
  it.each(mistakes)('on is refused with $text', async ({ text, message }) => {
    expect(await mistakeIn(`proxy_ssl on; ${text}`)).toBe(message);
  });

  it.each(mistakes)(
    'off is refused too with $text: an auth service may ask for TLS',
    async (wrong) => {
      expect(await mistakeIn(wrong.text)).toBe(wrong.message);
    },
  );

  it.each(['none', 'TLS_AES_128_GCM_SHA256', ':'])(
    'is refused with the ciphers %s',
    async (list) => {
      expect(await mistakeIn(`proxy_ssl on; proxy_ssl_ciphers ${list};`)).toBe(
        `SSL_CTX_set_cipher_list("${list}") failed (SSL: error:0A0000B9:SSL routines::no cipher match)`,
      );
    },
  );

  it.each([
    'proxy_ssl on; proxy_ssl_trusted_certificate root.pem;',
    'proxy_ssl starttls; proxy_ssl_certificate ec.pem; proxy_ssl_certificate_key ec.key;',
    'proxy_ssl on; proxy_ssl_protocols TLSv1 TLSv1.3; proxy_ssl_ciphers DEFAULT;',
    'proxy_ssl_certificate_key none.key;',
  ])('takes %s', async (text) => {
    expect(await mistakeIn(text)).toBeUndefined();
  });

  it('trusts nobody but whom the file names', async () => {
    const backend = await startBackend((peer) => letIn(peer, 'on'));
    const text = `proxy_ssl on; proxy_ssl_name mail.example; proxy_ssl_trusted_certificate ${pathOf('other.crt')};`;
    const proxy = await startProxy(text, () => ({ port: backend.port }));
    await (await proxy.logIn()).expect('fault');
  });

  it('finds its files beside the configuration', async () => {
    const backend = await startBackend((peer) => letIn(peer, 'on'));
    const text = 'proxy_ssl on; proxy_ssl_trusted_certificate authority.crt;';
    const proxy = await startProxy(text, () => ({ port: backend.port }), pathOf(''));
    await (await proxy.logIn()).expect('ok welcome');
  });
});

const settings = {
  ssl: 'off',
  sslVerify: true,
  sslName: 'mail.example',
  sslServerName: false,
  sslSessionReuse: true,
  sslTrustedCertificate: undefined,
  sslCertificate: undefined,
  sslCertificateKey: undefined,
  sslProtocols: ['TLSv1.3'],
  sslCiphers: 'DEFAULT',
} as const;

describe('BackendTls', () => {
  it('makes no context before somebody asks for TLS', () => {
    let made = 0;
    const tls = new BackendTls(settings, () => {
      made += 1;
      return createBackendContext(settings);
    });
    expect(tls.mode({ host: '127.0.0.1', port: 143 })).toBe('off');
    expect(made).toBe(0);
    tls.options({ host: '127.0.0.1', port: 143 });
    tls.options({ host: '127.0.0.1', port: 144 });
    expect(made).toBe(1);
  });

  it('keeps the sessions of the 1024 backends heard of last', () => {
    const tls = new BackendTls(settings, () => createBackendContext(settings));
    const resumption = (port: number) => tls.options({ host: '127.0.0.1', port }).resumption;
    const sessionOf = (port: number) => String(resumption(port)?.session ?? '');
    for (let port = 1; port <= 1024; port += 1) resumption(port)?.keep(Buffer.from(String(port)));
    resumption(1)?.keep(Buffer.from('again'));
    resumption(1025)?.keep(Buffer.from('1025'));
    expect([1, 2, 3, 1025].map(sessionOf)).toEqual(['again', '', '3', '1025']);
  });
});
