/**
 * What the documentation shows works: each configuration loads, with its files and everything that `postern -t` checks
 * but the sockets, and the auth service answers as the page says.
 */
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { get, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createServer, defineModule, mail, slot, words } from '@postern/core';
import { imap } from '@postern/mail-imap';
import { pop3 } from '@postern/mail-pop3';
import { smtp } from '@postern/mail-smtp';
import { resolver } from '@postern/resolver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const certificates = join(root, 'packages/core/test/mail/modules/ssl/fixtures');

/** The files that configurations name, and the test certificates that stand for them. */
const files = {
  'mail.example.com.pem': 'ec.pem',
  'mail.example.com.key': 'ec.key',
  'mail.example.com.rsa.pem': 'rsa.pem',
  'mail.example.com.rsa.key': 'rsa.key',
  'mail.example.net.pem': 'rsa.pem',
  'mail.example.net.key': 'rsa.key',
  'clients-ca.pem': 'root.pem',
  'clients.crl': 'crl.pem',
  'backends-ca.pem': 'root.pem',
} as const;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'examples-'));
  for (const [name, stands] of Object.entries(files)) {
    copyFileSync(join(certificates, stands), join(folder, name));
  }
  for (const name of ['tickets.key', 'tickets-old.key']) {
    writeFileSync(join(folder, name), randomBytes(48));
  }
  writeFileSync(join(folder, 'passphrases'), 'correct\n');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The module that the README writes: its directive stands in an example. */
const denyLogin = defineModule({
  name: 'deny_login',
  api: 1,
  requires: [mail],
  directives: {
    deny_login: slot('denied', words, { default: [], about: 'Refuses these logins.' }),
  },
});

interface Example {
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

/** The fenced blocks of `language` in the pages of the project. */
function examplesIn(language: string): readonly Example[] {
  const pages = [
    'README.md',
    ...markdownIn('docs'),
    ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`),
  ];
  return pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const fences = text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'));
    return [...fences].map(({ index, 1: block = '' }) => ({
      page,
      line: text.slice(0, index).split('\n').length,
      text: block,
    }));
  });
}

function markdownIn(name: string): readonly string[] {
  const entries = readdirSync(join(root, name), { withFileTypes: true });
  return entries
    .filter((entry) => entry.name.endsWith('.md'))
    .map((entry) => `${name}/${entry.name}`);
}

/** Examples leave out what is the same everywhere: `events {}`, an auth service, a server. */
function whole(text: string): string {
  const example = text.replace(/^load_module .*$/m, '');
  const start = example.includes('events {') ? '' : 'events {}\n';
  if (example.includes('server {')) return start + example;
  return start + example.replace(/^}\s*$/m, 'auth_http 127.0.0.1:9000; server { listen 143; } }');
}

describe('a configuration in the documentation', () => {
  it.each(examplesIn('nginx'))('loads without a warning: $page:$line', async ({ text }) => {
    const log: string[] = [];
    const server = await createServer({
      modules: [imap, pop3, smtp, resolver, denyLogin],
      config: whole(text),
      prefix: `${folder}/`,
      onLog: (line) => log.push(line),
      logLevel: 'warn',
    });
    await server.close();
    expect(log).toEqual([]);
  });
});

describe('the auth service in docs/auth-service.md', () => {
  let service: Server;

  beforeAll(async () => {
    const [example] = examplesIn('js').filter(({ page }) => page === 'docs/auth-service.md');
    const file = join(folder, 'auth-service.mjs');
    writeFileSync(file, (example?.text ?? '').replace('listen(9000', 'listen(0'));
    ({ server: service } = (await import(pathToFileURL(file).href)) as { server: Server });
    if (!service.listening) await new Promise((resolve) => service.once('listening', resolve));
    return () => {
      service.close();
    };
  });

  const ask = (user: string, password: string, method = 'plain'): Promise<IncomingHttpHeaders> =>
    new Promise((resolve, reject) => {
      const headers = {
        'Auth-Method': method,
        'Auth-User': user,
        'Auth-Pass': password,
        'Auth-Protocol': 'imap',
        Connection: 'close',
      };
      const { port } = service.address() as AddressInfo;
      get({ host: '127.0.0.1', port, headers }, (response) => {
        response.resume();
        resolve(response.headers);
      }).once('error', reject);
    });

  it('names the backend of who knows the password', async () => {
    expect(await ask('al%69ce', 'secret')).toMatchObject({
      'auth-status': 'OK',
      'auth-server': '192.0.2.10',
      'auth-port': '143',
      'content-length': '0',
    });
  });

  it.each([
    { name: 'a wrong password', user: 'alice', password: 'guess' },
    { name: 'an unknown user', user: 'mallory', password: 'undefined' },
  ])('makes $name wait', async ({ user, password }) => {
    const answer = await ask(user, password);
    expect(answer).toMatchObject({ 'auth-status': 'Invalid login or password', 'auth-wait': '3' });
    expect(answer).not.toHaveProperty('auth-server');
  });

  it('refuses other methods', async () => {
    expect(await ask('alice', 'secret', 'external')).not.toHaveProperty('auth-server');
  });
});
