import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../src/errors.js';
import type { ReadContext } from '../../../../src/config/directive.js';
import { SourceFiles } from '../../../../src/config/source-files.js';
import { authHttpUrl } from '../../../../src/mail/modules/auth-http/url.js';

const context: ReadContext = {
  directive: 'auth_http',
  at: { file: 'nginx.conf', line: 3 },
  prefix: '/',
  confPrefix: '/',
  sources: new SourceFiles(),
  warn: () => undefined,
  error: (message) => new ConfigError(message, { file: 'nginx.conf', line: 3 }),
};

const at = (host: string, port: number) => ({ target: { host, port } });

describe('auth_http', () => {
  it.each([
    {
      url: '127.0.0.1:9000/auth',
      service: {
        name: '127.0.0.1:9000',
        hostHeader: '127.0.0.1',
        uri: '/auth',
        ...at('127.0.0.1', 9000),
      },
    },
    {
      url: 'http://127.0.0.1/auth?x=1',
      service: {
        name: '127.0.0.1:80',
        hostHeader: '127.0.0.1',
        uri: '/auth?x=1',
        ...at('127.0.0.1', 80),
      },
    },
    {
      url: '127.0.0.1?x',
      service: { name: '127.0.0.1:80', hostHeader: '127.0.0.1', uri: '?x', ...at('127.0.0.1', 80) },
    },
    {
      url: '127.0.0.1:1',
      service: { name: '127.0.0.1:1', hostHeader: '127.0.0.1', uri: '/', ...at('127.0.0.1', 1) },
    },
    {
      url: '[0::1]:90/a',
      service: { name: '[::1]:90', hostHeader: '[0::1]', uri: '/a', ...at('::1', 90) },
    },
    {
      url: 'unix:/run/a:/uri',
      service: {
        name: 'unix:/run/a',
        hostHeader: 'localhost',
        uri: '/uri',
        target: { path: '/run/a' },
      },
    },
    {
      url: 'unix:/run/a',
      service: {
        name: 'unix:/run/a',
        hostHeader: 'localhost',
        uri: '/',
        target: { path: '/run/a' },
      },
    },
  ])('$url', async ({ url, service }) => {
    expect(await authHttpUrl.parse([url], context)).toEqual(service);
  });

  it('a name is resolved once and its first address used', async () => {
    const service = await authHttpUrl.parse(['http://localhost:90/a'], context);
    expect(service?.hostHeader).toBe('localhost');
    expect(['127.0.0.1:90', '[::1]:90']).toContain(service?.name);
  });

  it.each([
    ['https://h/', 'invalid port in auth_http "https://h/"'],
    ['http://:80/', 'no host in auth_http ":80/"'],
    ['http://', 'no host in auth_http ""'],
    ['h:0/', 'invalid port in auth_http "h:0/"'],
    ['[::1', 'invalid host in auth_http "[::1"'],
    ['[::1]x', 'invalid host in auth_http "[::1]x"'],
    ['[zz]:80', 'invalid IPv6 address in auth_http "[zz]:80"'],
    ['*:80', 'host not found in auth_http "*:80"'],
    ['no.such.name.invalid', 'host not found in auth_http "no.such.name.invalid"'],
    ['unix:', 'no path in the unix domain socket in auth_http "unix:"'],
    [
      `unix:/${'p'.repeat(107)}:/`,
      `too long path in the unix domain socket in auth_http "unix:/${'p'.repeat(107)}:/"`,
    ],
    ['127.0.0.1/a\r\nX: y', 'invalid uri in auth_http "127.0.0.1/a\r\nX: y"'],
  ])('G5: %j is refused', async (url, message) => {
    await expect(authHttpUrl.parse([url], context)).rejects.toMatchObject({ message, line: 3 });
  });
});

describe('G8: an auth server that is asked in clear text', () => {
  it.each([
    { url: '192.0.2.7/auth', warned: true },
    { url: '[2001:db8::1]/auth', warned: true },
    { url: '127.0.0.1/auth', warned: false },
    { url: '10.1.2.3:9000', warned: false },
    { url: '172.31.0.1', warned: false },
    { url: '192.168.1.1', warned: false },
    { url: '[::1]', warned: false },
    { url: '[fd00::1]', warned: false },
    { url: 'unix:/run/auth', warned: false },
  ])('$url: warned of $warned', async ({ url, warned }) => {
    const warnings: string[] = [];
    await authHttpUrl.parse([url], { ...context, warn: (message) => warnings.push(message) });
    expect(warnings.some((one) => one.startsWith('passwords are sent in clear text'))).toBe(warned);
  });
});
