import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import type { ConnectionOptions } from 'node:tls';
import { ConfigError } from '../../../../src/errors.js';
import { build, fixture, fixtures, identity, meet, policyOf } from './tls-servers.js';

const directory = mkdtempSync(join(tmpdir(), 'postern-passwords-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

let files = 0;

/** A file with this text. */
function passwordFile(text: string): string {
  files += 1;
  const path = join(directory, String(files));
  writeFileSync(path, text);
  return path;
}

const rsa = 'ssl_certificate rsa.pem; ssl_certificate_key rsa.key;';

/** Protocol and cipher that a client with `options` gets; undefined where the handshake fails. */
async function agreed(directives: string, options: ConnectionOptions = {}) {
  const { verdict } = await meet(await policyOf(`${identity}\n${directives}`), options);
  return verdict === undefined ? undefined : verdict.facts.state;
}

const only = (version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): ConnectionOptions => ({
  minVersion: version,
  maxVersion: version,
  ciphers: 'DEFAULT:@SECLEVEL=0',
});

describe('ssl_protocols', () => {
  it.each([
    { text: '', speaks: ['TLSv1.2', 'TLSv1.3'] },
    { text: 'ssl_protocols TLSv1.3;', speaks: ['TLSv1.3'] },
    { text: 'ssl_protocols TLSv1.2;', speaks: ['TLSv1.2'] },
    { text: 'ssl_protocols TLSv1 TLSv1.3;', speaks: ['TLSv1', 'TLSv1.3'] },
    { text: 'ssl_protocols TLSv1.1;', speaks: ['TLSv1.1'] },
    { text: 'ssl_protocols SSLv3;', speaks: [] },
    { text: 'ssl_conf_command Protocol "-ALL, TLSv1.2";', speaks: ['TLSv1.2'] },
    { text: 'ssl_conf_command MinProtocol TLSv1.3;', speaks: ['TLSv1.3'] },
    { text: 'ssl_conf_command maxprotocol TLSv1.2;', speaks: ['TLSv1.2'] },
    { text: 'ssl_conf_command MaxProtocol None;', speaks: ['TLSv1.2', 'TLSv1.3'] },
  ])('B1: with "$text" speaks $speaks and nothing else', async ({ text, speaks }) => {
    const policy = await policyOf(`${identity} ${text}`);
    const heard: string[] = [];
    for (const version of ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const) {
      const { verdict } = await meet(policy, only(version));
      if (verdict !== undefined) heard.push(verdict.facts.state.protocol);
    }
    expect(heard).toEqual(speaks);
  });

  it('B1: a written security level is left alone', async () => {
    const text = 'ssl_protocols TLSv1; ssl_ciphers HIGH:@SECLEVEL=1;';
    expect(await agreed(text, only('TLSv1'))).toBeUndefined();
  });
});

describe('ciphers', () => {
  const gcm256 = 'ECDHE-ECDSA-AES256-GCM-SHA384';
  const gcm128 = 'ECDHE-ECDSA-AES128-GCM-SHA256';

  it.each([
    { text: `ssl_ciphers ${gcm128};`, cipher: gcm128 },
    { text: `ssl_ciphers "TLS_AES_128_GCM_SHA256, ${gcm128} foo";`, cipher: gcm128 },
    { text: `ssl_ciphers ${gcm256}:${gcm128};`, cipher: gcm128 },
    { text: `ssl_ciphers ${gcm256}:${gcm128}; ssl_prefer_server_ciphers on;`, cipher: gcm256 },
    {
      text: `ssl_ciphers ${gcm256}:${gcm128}; ssl_conf_command Options ServerPreference;`,
      cipher: gcm256,
    },
    { text: `ssl_conf_command CipherString ${gcm256};`, cipher: gcm256 },
  ])('"$text" chooses $cipher', async ({ text, cipher }) => {
    const ciphers = `${gcm128}:${gcm256}`;
    expect(await agreed(text, { maxVersion: 'TLSv1.2', ciphers })).toMatchObject({ cipher });
  });

  it('ssl_ciphers says nothing about TLS 1.3', async () => {
    const state = await agreed(`ssl_ciphers ${gcm128}:TLS_AES_128_GCM_SHA256;`);
    expect(state?.cipher).toBe('TLS_AES_256_GCM_SHA384');
  });

  it('Ciphersuites does', async () => {
    const state = await agreed('ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;');
    expect(state?.cipher).toBe('TLS_AES_128_GCM_SHA256');
  });

  it.each([
    { text: '', cipher: undefined },
    { text: 'ssl_dhparam dh.pem;', cipher: 'DHE-RSA-AES128-GCM-SHA256' },
    { text: 'ssl_conf_command DHParameters dh.pem;', cipher: 'DHE-RSA-AES128-GCM-SHA256' },
  ])('B3: a client with DHE alone gets $cipher with "$text"', async ({ text, cipher }) => {
    const policy = await policyOf(`${rsa} ${text}`);
    const options = { maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES128-GCM-SHA256' } as const;
    expect((await meet(policy, options)).verdict?.facts.state.cipher).toBe(cipher);
  });

  it.each([
    { text: 'ssl_ecdh_curve secp384r1;', curve: 'prime256v1', works: false },
    { text: 'ssl_ecdh_curve secp384r1;', curve: 'secp384r1', works: true },
    { text: 'ssl_ecdh_curve auto;', curve: 'prime256v1', works: true },
    { text: 'ssl_conf_command Groups secp521r1;', curve: 'secp384r1', works: false },
    { text: 'ssl_conf_command Curves secp384r1;', curve: 'secp384r1', works: true },
  ])('with "$text" a client of $curve: $works', async ({ text, curve, works }) => {
    const state = await agreed(text, { ecdhCurve: curve });
    expect(state !== undefined).toBe(works);
  });

  it('SignatureAlgorithms bounds what we sign with', async () => {
    const text = 'ssl_conf_command SignatureAlgorithms RSA-PSS+SHA256;';
    expect(await agreed(text)).toBeUndefined();
  });
});

describe('ssl_conf_command', () => {
  const unsupported = (command: string): string => `${command} is not supported on this platform`;
  it.each([
    {
      text: 'foo bar',
      message:
        'SSL_CONF_cmd("foo", "bar") failed (SSL: error:0A000182:SSL routines::unknown cmd name:cmd=foo)',
    },
    ...[
      ['Options', 'bar'],
      ['Options', '-NoRenegotiation'],
      ['Options', 'ClientRenegotiation'],
      ['Options', '-MiddleboxCompat'],
      ['DHParameters', '/none'],
      ['MinProtocol', 'DTLSv9'],
      ['Curves', 'auto'],
      ['ECDHParameters', 'auto'],
      ['Protocol', 'TLSv1.4'],
      ['MinProtocol', 'bar'],
      ['Ciphersuites', 'bar'],
      ['Ciphersuites', 'TLS_BAR'],
      ['CipherString', 'bar'],
      ['CipherString', 'TLS_AES_128_GCM_SHA256'],
      ['Curves', 'bar'],
      ['SignatureAlgorithms', 'bar'],
    ].map(([name = '', value = '']) => ({
      text: `${name} ${value}`,
      message: `SSL_CONF_cmd("${name}", "${value}") failed (SSL: error:0A000180:SSL routines::bad value:cmd=${name}, value=${value})`,
    })),
    { text: 'NumTickets 2', message: unsupported('SSL_CONF_cmd("NumTickets", "2")') },
    { text: 'VerifyMode Peer', message: unsupported('SSL_CONF_cmd("VerifyMode", "Peer")') },
  ])('"$text" is refused', async ({ text, message }) => {
    const failure: unknown = await policyOf(`${identity} ssl_conf_command ${text};`).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ConfigError);
    expect(failure).toMatchObject({ message });
  });

  it.each([
    'Options "-SessionTicket,PrioritizeChaCha,+EncryptThenMac, -ExtendedMasterSecret"',
    'Options IgnoreUnexpectedEOF,AllowNoDHEKEX,-CANames,-AntiReplay,NoRenegotiation,DHSingle',
    'Options KTLS,Bugs,Compression,-ClientRenegotiation,MiddleboxCompat,NoResumptionOnRenegotiation',
    'Options UnsafeLegacyRenegotiation,UnsafeLegacyServerConnect',
    'ECDHParameters prime256v1',
    'ECDHParameters +automatic',
    'Protocol "-SSLv3, dtlsv1, -tlsv1.2"',
    'MinProtocol SSLv3',
    'MaxProtocol DTLSv1.2',
    'DHParameters dh-x942.pem',
  ])('"%s" is accepted', async (text) => {
    expect(await agreed(`ssl_conf_command ${text};`)).toBeDefined();
  });
});

describe('certificates and keys', () => {
  const two = `${identity} ssl_certificate rsa.pem; ssl_certificate_key rsa.key;`;

  it.each([
    { name: 'the elliptic one', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', subject: 'CN=ec.test' },
    { name: 'the RSA one', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', subject: 'CN=rsa.test' },
  ])('of two pairs a client gets $name by its ciphers', async ({ ciphers, subject }) => {
    const meeting = await meet(await policyOf(two), { maxVersion: 'TLSv1.2', ciphers });
    expect(meeting.serverCertificate).toBe(subject);
  });

  it('of two pairs of one type the last counts, and extra keys are passed over', async () => {
    const text = 'ssl_certificate client.pem; ssl_certificate_key client.key;';
    const policy = await policyOf(`${text} ${identity} ssl_certificate_key none;`);
    expect((await meet(policy)).serverCertificate).toBe('CN=ec.test');
  });

  it('come from data: as well', async () => {
    const [cert, key] = [fixture('ec.pem').toString(), fixture('ec.key').toString()];
    const policy = await policyOf(
      `ssl_certificate "data:${cert}"; ssl_certificate_key "data:${key}";`,
    );
    expect((await meet(policy)).serverCertificate).toBe('CN=ec.test');
  });

  const encrypted = 'ssl_certificate ec.pem; ssl_certificate_key ec-encrypted.key;';
  const keyFailed = `cannot load certificate key "${fixtures}ec-encrypted.key": PEM_read_bio_PrivateKey() failed`;

  it.each([
    { name: 'after another and an empty line', text: 'incorrect\n\ncorrect' },
    { name: 'with CR LF', text: 'incorrect\r\ncorrect\r\n' },
    { name: 'behind a line of 4095 bytes', text: `${'x'.repeat(4095)}\ncorrect\n` },
  ])('a passphrase $name is found', async ({ text }) => {
    const policy = await policyOf(`${encrypted} ssl_password_file ${passwordFile(text)};`);
    expect((await meet(policy)).serverCertificate).toBe('CN=ec.test');
  });

  it.each([
    { name: 'wrong passphrases', text: 'incorrect\n' },
    { name: 'a file without any', text: '\n\r\n' },
  ])('an encrypted key with $name is refused', async ({ text }) => {
    const directives = `${encrypted} ssl_password_file ${passwordFile(text)};`;
    const failure: unknown = await policyOf(directives).catch((error: unknown) => error);
    if (!(failure instanceof ConfigError)) expect.unreachable();
    expect(failure.message.slice(0, keyFailed.length)).toBe(keyFailed);
    expect(inspect(failure)).not.toContain('incorrect');
  });

  it('an encrypted key without a password file is refused, never asked about', async () => {
    await expect(policyOf(encrypted)).rejects.toMatchObject({
      message: expect.stringContaining(keyFailed) as string,
      help: 'the key is encrypted: name a file with its passphrase by "ssl_password_file"',
    });
  });

  it('passphrases of a configuration are not shown', async () => {
    const path = passwordFile('hush\n');
    const { confs } = await build(
      `server { listen 127.0.0.1:1; protocol toy; ssl_password_file ${path}; }`,
    );
    expect(inspect(confs, { depth: 9 }) + JSON.stringify(confs)).not.toContain('hush');
  });

  it('a line of 4096 bytes in a password file is too long', async () => {
    const path = passwordFile(`${'x'.repeat(4096)}\n`);
    await expect(policyOf(`${identity} ssl_password_file ${path};`)).rejects.toMatchObject({
      message: `too long line in "${path}"`,
    });
  });
});

describe('ALPN', () => {
  it.each([
    { names: ['toy'], alpn: 'toy' },
    { names: ['imap', 'toy'], alpn: 'toy' },
  ])('C1: $names gets $alpn', async ({ names, alpn }) => {
    expect(await agreed('', { ALPNProtocols: names })).toMatchObject({ alpn });
  });

  it('C1: http/1.1 alone gets no connection', async () => {
    const meeting = await meet(await policyOf(), { ALPNProtocols: ['http/1.1'] });
    expect(meeting.verdict).toBeUndefined();
    expect(meeting.failure).toContain('no application protocol');
  });
});
