import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../src/errors.js';
import { sessionFor } from '../auth-http/fixtures.js';
import { build, fixture, fixtures, identity, policyOf } from './tls-servers.js';

const conf = `${fixtures}nginx.conf`;
const missing = (name: string): string =>
  `error:80000002:system library::No such file or directory:calling fopen(${fixtures}${name}, r) error:10000080:BIO routines::no such file`;

/** The first server's configuration. */
async function confOf(server: string, outer = '') {
  const { confs, warnings } = await build(
    `${outer}\nserver { listen 127.0.0.1:1; protocol toy;\n${server}\n}`,
  );
  const [found] = confs;
  if (found === undefined) expect.unreachable();
  return { conf: found, warnings };
}

/** What reading a server's directives fails with: the message, and the line where it has one. */
async function mistakeIn(server: string): Promise<{ message: string; line: number }> {
  const failure: unknown = await build(
    `server {\nlisten 127.0.0.1:1 ssl; protocol toy;\n${server}\n}`,
  ).catch((error: unknown) => error);
  if (!(failure instanceof ConfigError)) expect.unreachable(`no error in ${server}`);
  return { message: failure.message, line: failure.line };
}

describe('directives', () => {
  it('have the defaults of nginx', async () => {
    const { conf: found } = await confOf('');
    expect(found).toEqual({
      startTls: undefined,
      certificates: [],
      keys: [],
      certificateCompression: false,
      passwords: undefined,
      dhFile: undefined,
      curves: 'auto',
      protocols: ['TLSv1.2', 'TLSv1.3'],
      ciphers: 'HIGH:!aNULL:!MD5',
      preferServerCiphers: false,
      sessionCache: { builtin: 'none' },
      tickets: true,
      ticketKeys: [],
      sessionTimeout: 300,
      verifyClient: 'off',
      verifyDepth: 1,
      clientCertificate: undefined,
      trustedCertificate: undefined,
      revocationLists: undefined,
      commands: [],
      policy: undefined,
    });
  });

  it.each([
    { text: 'starttls Off;', slot: { startTls: { mode: 'off', at: { file: conf, line: 5 } } } },
    { text: 'ssl_certificate a.pem;', slot: { certificates: [{ name: `${fixtures}a.pem` }] } },
    { text: 'ssl_certificate /a.pem;', slot: { certificates: [{ name: '/a.pem' }] } },
    { text: 'ssl_certificate data:x;', slot: { certificates: [{ name: 'data:x' }] } },
    { text: 'ssl_certificate_key store:x;', slot: { keys: [{ name: 'store:x' }] } },
    { text: 'ssl_protocols tlsv1.3 SSLv2;', slot: { protocols: ['SSLv2', 'TLSv1.3'] } },
    { text: 'ssl_dhparam dh;', slot: { dhFile: { name: `${fixtures}dh` } } },
    { text: 'ssl_session_timeout 1h;', slot: { sessionTimeout: 3600 } },
    { text: 'ssl_verify_client optional_no_ca;', slot: { verifyClient: 'optional_no_ca' } },
    { text: 'ssl_session_cache off;', slot: { sessionCache: { builtin: 'off' } } },
    { text: 'ssl_session_cache builtin;', slot: { sessionCache: { builtin: 20480 } } },
    {
      text: 'ssl_session_cache builtin:5 shared:z:1m;',
      slot: { sessionCache: { builtin: 5, shared: { name: 'z', sizeBytes: 1048576 } } },
    },
    {
      text: 'ssl_conf_command Options x;',
      slot: { commands: [{ name: 'Options', value: 'x', confPrefix: fixtures }] },
    },
  ])('reads $text', async ({ text, slot }) => {
    expect((await confOf(text)).conf).toMatchObject(slot);
  });

  it('are inherited as lists, and the cache by halves', async () => {
    const outer =
      'ssl_certificate a; ssl_certificate b; ssl_session_cache builtin:7 shared:halves:1m;';
    const { conf: found } = await confOf('ssl_session_cache builtin:9; ssl_certificate c;', outer);
    expect(found.certificates.map(({ written }) => written)).toEqual(['c']);
    expect(found.sessionCache).toMatchObject({ builtin: 9, shared: { name: 'halves' } });
  });

  it.each([
    {
      text: 'ssl_certificate_compression on;',
      warning: '"ssl_certificate_compression" is not supported on this platform, ignored',
    },
    { text: 'ssl_protocols SSLv3;', warning: 'SSLv3 is not supported on this platform, ignored' },
    {
      text: 'ssl_protocols TLSv1 TLSv1.1 TLSv1.2;',
      warning:
        'obsolete protocols TLSv1, TLSv1.1 are enabled, at security level 0 unless "ssl_ciphers" names another',
    },
  ])('B1: warns of $text', async ({ text, warning }) => {
    expect((await confOf(text)).warnings).toEqual([warning]);
  });

  it('a bad file of a server without TLS is not noticed, as in nginx', async () => {
    const { conf: found } = await confOf('ssl_certificate none; ssl_session_ticket_key none;');
    expect(found.policy).toBeUndefined();
  });

  it('ssl_engine is refused', async () => {
    await expect(build('', 'ssl_engine dev;')).rejects.toMatchObject({
      message: '"ssl_engine" directive is not supported',
      line: 1,
    });
  });

  it('ssl_object_cache_inheritable is accepted in main', async () => {
    expect((await build('', 'ssl_object_cache_inheritable off;')).warnings).toEqual([]);
  });
});

describe('a mistake in words', () => {
  it.each([
    { text: 'starttls maybe;', message: 'invalid value "maybe"' },
    { text: 'ssl_protocols TLSv1.4;', message: 'invalid value "TLSv1.4"' },
    { text: 'ssl_session_cache foo;', message: 'invalid session cache "foo"' },
    { text: 'ssl_session_cache builtin:;', message: 'invalid session cache "builtin:"' },
    { text: 'ssl_session_cache builtin:x;', message: 'invalid session cache "builtin:x"' },
    { text: 'ssl_session_cache shared:a;', message: 'invalid session cache "shared:a"' },
    { text: 'ssl_session_cache shared::1m;', message: 'invalid session cache "shared::1m"' },
    { text: 'ssl_session_cache shared:a:b;', message: 'invalid session cache "shared:a:b"' },
    {
      text: 'ssl_session_cache shared:a:31k;',
      message: 'session cache "shared:a:31k" is too small',
    },
    {
      text: 'ssl_session_cache a b c;',
      message: 'invalid number of arguments in "ssl_session_cache" directive',
    },
    {
      text: 'ssl_password_file none;',
      message: `open() "${fixtures}none" failed (2: No such file or directory)`,
    },
    { text: 'ssl_ciphers a; ssl_ciphers b;', message: '"ssl_ciphers" directive is duplicate' },
  ])('$text has its line', async ({ text, message }) => {
    expect(await mistakeIn(text)).toEqual({ message, line: 5 });
  });
});

describe('a server with TLS', () => {
  const pair = 'ssl_certificate rsa.pem; ssl_certificate_key rsa.key;';
  const verify = `${identity} ssl_verify_client on;`;
  const listen = `"listen ... ssl" directive in ${conf}:4`;
  const emptyList = '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----';

  it.each([
    { text: '', message: `no "ssl_certificate" is defined for the ${listen}` },
    {
      text: 'ssl_certificate ec.pem;',
      message: `no "ssl_certificate_key" is defined for the ${listen}`,
    },
    {
      text: 'ssl_certificate ec.pem; ssl_certificate rsa.pem; ssl_certificate_key ec.key;',
      message: `no "ssl_certificate_key" is defined for certificate "rsa.pem" and the ${listen}`,
    },
    {
      text: 'ssl_certificate none; ssl_certificate_key ec.key;',
      message: `cannot load certificate "${fixtures}none": BIO_new_file() failed (SSL: ${missing('none')})`,
    },
    {
      text: 'ssl_certificate README.md; ssl_certificate_key ec.key;',
      message: `cannot load certificate "${fixtures}README.md": PEM_read_bio_X509_AUX() failed (SSL: error:0480006C:PEM routines::no start line:Expecting: TRUSTED CERTIFICATE)`,
    },
    {
      text: 'ssl_certificate /; ssl_certificate_key ec.key;',
      message:
        'cannot load certificate "/": PEM_read_bio_X509_AUX() failed (SSL: error:0480006C:PEM routines::no start line:Expecting: TRUSTED CERTIFICATE)',
    },
    {
      text: 'ssl_certificate data:foo; ssl_certificate_key ec.key;',
      message:
        'cannot load certificate "data:foo": PEM_read_bio_X509_AUX() failed (SSL: error:0480006C:PEM routines::no start line:Expecting: TRUSTED CERTIFICATE)',
    },
    {
      text: 'ssl_certificate ec.pem; ssl_certificate_key none;',
      message: `cannot load certificate key "${fixtures}none": BIO_new_file() failed (SSL: ${missing('none')})`,
    },
    {
      text: 'ssl_certificate ec.pem; ssl_certificate_key data:foo;',
      message:
        'cannot load certificate key "data:foo": PEM_read_bio_PrivateKey() failed (SSL: error:1E08010C:DECODER routines::unsupported:No supported data to decode. Input type: PEM)',
    },
    {
      text: 'ssl_certificate ec.pem; ssl_certificate_key engine:a:b;',
      message:
        'cannot load certificate key "engine:a:b": loading "engine:..." certificate keys is not supported',
    },
    {
      text: 'ssl_certificate ec.pem; ssl_certificate_key store:a;',
      message:
        'cannot load certificate key "store:a": loading "store:..." certificate keys is not supported',
    },
    {
      text: 'ssl_certificate ec.pem; ssl_certificate_key rsa.key;',
      message: `SSL_CTX_use_PrivateKey("${fixtures}rsa.key") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)`,
    },
    {
      text: `${pair} ssl_ciphers foo;`,
      message:
        'SSL_CTX_set_cipher_list("foo") failed (SSL: error:0A0000B9:SSL routines::no cipher match)',
    },
    {
      text: `${pair} ssl_ciphers TLS_AES_128_GCM_SHA256;`,
      message:
        'SSL_CTX_set_cipher_list("TLS_AES_128_GCM_SHA256") failed (SSL: error:0A0000B9:SSL routines::no cipher match)',
    },
    {
      text: 'ssl_certificate small.pem; ssl_certificate_key small.key; ssl_ciphers HIGH:@SECLEVEL=2;',
      message: `SSL_CTX_use_certificate("${fixtures}small.pem") failed (SSL: error:0A00018F:SSL routines::ee key too small)`,
    },
    {
      text: `${pair} ssl_ecdh_curve prime256v1:foo;`,
      message:
        'SSL_CTX_set1_curves_list("prime256v1:foo") failed (SSL: error:0A080106:SSL routines::passed invalid argument:group \'foo\' cannot be set)',
    },
    {
      text: `${pair} ssl_dhparam none;`,
      message: `BIO_new_file("${fixtures}none") failed (SSL: ${missing('none')})`,
    },
    {
      text: `${pair} ssl_dhparam ec.pem;`,
      message: `PEM_read_bio_DHparams("${fixtures}ec.pem") failed (SSL: error:0480006C:PEM routines::no start line:Expecting: DH PARAMETERS)`,
    },
    {
      text: `${pair} ssl_dhparam dh-small.pem;`,
      message: `SSL_CTX_set0_tmp_dh_pkey("${fixtures}dh-small.pem") failed (SSL: DH parameter is less than 1024 bits)`,
    },
    {
      text: verify,
      message: 'no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client',
    },
    {
      text: `${verify} ssl_client_certificate none;`,
      message: `cannot load certificate "${fixtures}none": BIO_new_file() failed (SSL: ${missing('none')})`,
    },
    {
      text: `${verify} ssl_trusted_certificate ec.key;`,
      message: `cannot load certificate "${fixtures}ec.key": PEM_read_bio_X509() failed (SSL: error:0480006C:PEM routines::no start line:Expecting: CERTIFICATE)`,
    },
    {
      text: `${verify} ssl_client_certificate root.pem; ssl_crl none;`,
      message: `cannot load CRL "${fixtures}none": BIO_new_file() failed (SSL: ${missing('none')})`,
    },
    {
      text: `${verify} ssl_client_certificate root.pem; ssl_crl ec.pem;`,
      message: `cannot load CRL "${fixtures}ec.pem": PEM_read_bio_X509_CRL() failed (SSL: error:0480006C:PEM routines::no start line:Expecting: X509 CRL)`,
    },
    {
      text: `${verify} ssl_client_certificate root.pem; ssl_crl "data:${emptyList}";`,
      message: `cannot load CRL "data:${emptyList}": PEM_read_bio_X509_CRL() failed (SSL: error:0488000D:PEM routines::ASN1 lib)`,
    },
  ])('B7: is refused with $text', async ({ text, message }) => {
    const mistake = await mistakeIn(text);
    expect(mistake).toEqual({ message, line: 0 });
  });

  it.each([
    { name: 'none', message: `open() "${fixtures}none" failed (2: No such file or directory)` },
    { name: 'ec.pem', message: `"${fixtures}ec.pem" must be 48 or 80 bytes` },
  ])('a ticket key file $name is refused at its line', async ({ name, message }) => {
    expect(await mistakeIn(`${identity}\nssl_session_ticket_key ${name};`)).toEqual({
      message,
      line: 6,
    });
  });

  it.each([
    'ssl_dhparam "";',
    'ssl_dhparam dh-x942.pem;',
    'ssl_verify_client on; ssl_client_certificate root.pem; ssl_trusted_certificate ""; ssl_crl "";',
  ])('takes %s, as nginx does', async (text) => {
    expect(await policyOf(`${identity} ${text}`)).toBeDefined();
  });

  it('takes a certificate with trust settings', async () => {
    const text = fixture('ec.pem').toString().replaceAll(' CERTIFICATE', ' TRUSTED CERTIFICATE');
    const trusted = `ssl_certificate "data:${text}"; ssl_certificate_key ec.key;`;
    expect(await policyOf(trusted)).toBeDefined();
  });

  it('errors name starttls where no listen has ssl', async () => {
    const text = 'starttls on;\nserver { listen 127.0.0.1:1; protocol toy; }';
    await expect(build(text)).rejects.toMatchObject({
      message: `no "ssl_certificate" is defined for the "starttls" directive in ${conf}:3`,
    });
  });

  it('a revocation list of a server that verifies nobody is not read, as in nginx', async () => {
    expect((await policyOf(`${identity} ssl_crl none;`)).server.requestCertificate).toBe(false);
  });

  it.each([
    { directives: 'starttls off;', startTls: 'off' },
    { directives: 'starttls on;', startTls: 'on' },
    { directives: 'starttls only;', startTls: 'only' },
    { directives: '', startTls: 'off' },
  ])('with "$directives" offers STARTTLS: $startTls', async ({ directives, startTls }) => {
    const policy = await policyOf(`${identity} ${directives}`);
    expect(policy).toMatchObject({ startTls, server: { alpn: 'toy', requestCertificate: false } });
  });

  it('answers the secure hook with its policy', async () => {
    const { confs, hooks } = await build(
      `${identity} server { listen 127.0.0.1:1 ssl; protocol toy; } server { listen 127.0.0.1:2; protocol toy; }`,
    );
    const [secured, clear] = confs.map((conf) => hooks.secure.call(sessionFor({ conf }).session));
    expect(secured).toBe(confs[0]?.policy);
    expect(secured?.startTls).toBe('off');
    expect(clear).toBeUndefined();
  });

  it('that sets nothing of its own shares the context of mail', async () => {
    const { confs } = await build(
      `${identity}\nserver { listen 127.0.0.1:1 ssl; protocol toy; }\nserver { listen 127.0.0.1:2 ssl; protocol toy; }`,
    );
    const [first, second] = confs.map(({ policy }) => policy?.server);
    expect(second?.secureContext).toBe(first?.secureContext);
  });
});
