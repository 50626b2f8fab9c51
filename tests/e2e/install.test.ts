/**
 * What users install: packages are packed as they would be published, installed into empty projects, and run there.
 * Nothing but core's dependencies comes from a registry.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acceptLogin, connectClient, startAuthServer, startImapBackend } from '@postern/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, run } from './child.js';
import { startProxyProcess } from './proxy-process.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

const places = {
  core: 'packages/core',
  imap: 'packages/mail-imap',
  testkit: 'packages/testkit',
  greylist: 'examples/module-greylist',
} as const;
type Part = keyof typeof places;

let directory = '';
const tarballs = new Map<string, string>();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'install-'));
  for (const [part, place] of Object.entries(places)) tarballs.set(part, await pack(place));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

async function pack(place: string): Promise<string> {
  const destination = mkdtempSync(join(directory, 'pack-'));
  const options = ['--ignore-scripts', '--pack-destination', destination];
  await run('npm', ['pack', join(root, place), ...options]);
  const [file] = readdirSync(destination);
  if (file === undefined) throw new Error(`nothing was packed of ${place}`);
  return join(destination, file);
}

/** A new project in which `parts` are installed; returns its directory. */
async function project(...parts: Part[]): Promise<string> {
  const place = mkdtempSync(join(directory, 'project-'));
  writeFileSync(join(place, 'package.json'), '{ "name": "my-mail", "private": true }\n');
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefix', place];
  const packed = parts.map((part) => tarballs.get(part) ?? part);
  await run('npm', ['install', ...options, ...packed], { deadlineMs: 110_000 });
  return place;
}

const command = (place: string): string => join(place, 'node_modules/.bin/postern');

/** Runs the command of a project to its end. */
async function postern(
  place: string,
  ...words: string[]
): Promise<{ code: unknown; said: string }> {
  const child = new Child(command(place), words);
  const code = await child.ended;
  return { code, said: child.output };
}

/** Writes a configuration for a server of `protocol`; returns the words that make the command use it. */
function configure(place: string, protocol: string): readonly string[] {
  mkdirSync(join(place, 'logs'), { recursive: true });
  writeFileSync(
    join(place, 'nginx.conf'),
    `events {}
     mail {
       auth_http 127.0.0.1:9;
       server { listen 127.0.0.1:1143; protocol ${protocol}; }
     }\n`,
  );
  return ['-p', `${place}/`, '-c', 'nginx.conf', '-e', 'logs/error.log'];
}

const { version } = JSON.parse(readFileSync(join(root, 'lerna.json'), 'utf8')) as {
  version: string;
};

describe('a project with core, IMAP and a module of somebody else', () => {
  let place = '';
  beforeAll(async () => {
    place = await project('core', 'imap', 'greylist', 'testkit');
  });

  it('has the modules that its dependencies declare, and -V says where they come from', async () => {
    const { code, said } = await postern(place, '-V');
    expect(code).toBe(0);
    expect(said).toContain(`module: mail (@postern/core ${version})\n`);
    expect(said).toContain(`module: mail_imap (@postern/mail-imap ${version})\n`);
    expect(said).toMatch(/^module: greylist \(postern-module-greylist \d+\.\d+\.\d+\)$/m);
    expect(said).not.toContain('--without-mail_imap_module');
    expect(said).toContain('--without-mail_smtp_module');
  });

  it('installs nothing of other protocols and nothing for tests of the repository', () => {
    const ours = readdirSync(join(place, 'node_modules/@postern')).sort();
    expect(ours).toEqual(['core', 'mail-imap', 'testkit']);
    expect(readdirSync(join(place, 'node_modules'))).not.toContain('vitest');
  });

  it('takes a session to a backend, with the module at work', async () => {
    const backend = await startImapBackend({ messages: ['Subject: hello\r\n\r\nHello.\r\n'] });
    const auth = await startAuthServer(() => acceptLogin(backend.port));
    const front = await startProxyProcess(
      (prefix) => [command(place), '-p', prefix, '-c', `${prefix}/nginx.conf`],
      { authPort: auth.port, mail: 'greylist on; greylist_delay 0s;' },
    );
    try {
      const first = await connectClient(front.port);
      await first.send('a LOGIN alice secret\r\nb LOGIN alice secret\r\n');
      const refused = 'NO Greylisted, please try again later';
      expect(await first.readToEnd()).toBe(`* OK IMAP4 ready\r\na ${refused}\r\nb ${refused}\r\n`);
      const second = await connectClient(front.port);
      await second.expect('* OK IMAP4 ready');
      await second.send('a LOGIN alice secret\r\nb SELECT INBOX\r\nc FETCH 1 BODY[TEXT]\r\n');
      await second.readUntil('a OK ');
      expect(await second.readUntil('\r\nc OK ')).toContain('Hello.\r\n');
      await second.sendLine('d LOGOUT');
      await second.readUntil('\r\nd OK ');
      await second.ended;
      expect(auth.count).toBe(1);
      expect(front.log()).toContain('client was greylisted');
    } finally {
      await front.stop().finally(() => Promise.all([auth.close(), backend.close()]));
    }
  });

  it.each([
    { protocol: 'imap', code: 0, said: 'test is successful' },
    { protocol: 'pop3', code: 1, said: '@postern/mail-pop3' },
  ])('-t judges `protocol $protocol`', async ({ protocol, code, said }) => {
    const outcome = await postern(place, '-t', ...configure(place, protocol));
    expect(outcome).toEqual({ code, said: expect.stringContaining(said) as unknown });
  });

  it('offers its types to TypeScript and its library to programs', async () => {
    const program = `import { createServer } from '@postern/core';
      import { imap } from '@postern/mail-imap';
      import { greylist } from 'postern-module-greylist';
      import { startAuthServer } from '@postern/testkit';
      const auth = await startAuthServer(() => ({}));
      const server = await createServer({ modules: [imap, greylist],
        config: \`events {} mail { auth_http 127.0.0.1:\${auth.port}; greylist on;
          server { listen 127.0.0.1; protocol imap; } }\` });
      await server.listen();
      console.log(server.addresses.length);
      await server.close();
      await auth.close();`;
    writeFileSync(join(place, 'program.mts'), `${program}\n`);
    writeFileSync(join(place, 'program.mjs'), `${program}\n`);
    const output = await run(process.execPath, [join(place, 'program.mjs')]);
    expect(output.toString()).toBe('1\n');
    const compilerOptions = {
      ...{ noEmit: true, strict: true, module: 'nodenext', target: 'es2022' },
      ...{ types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
    };
    const settings = { compilerOptions, files: ['program.mts'] };
    writeFileSync(join(place, 'tsconfig.json'), JSON.stringify(settings));
    const words = [join(root, 'node_modules/typescript/bin/tsc'), '-p', place];
    const check = new Child(process.execPath, words);
    expect({ code: await check.ended, said: check.output }).toEqual({ code: 0, said: '' });
  });
});

describe('a project with core alone', () => {
  it('has no protocol, and an IMAP server is refused with the package to install', async () => {
    const place = await project('core');
    const version = await postern(place, '-V');
    expect(version.said).toContain('--without-mail_imap_module');
    expect(version.said).not.toContain('module: mail_imap');
    const { code, said } = await postern(place, '-t', ...configure(place, 'imap'));
    expect(code).toBe(1);
    expect(said).toMatch(/\[emerg\].*unknown protocol "imap" in \S*nginx\.conf:4/);
    expect(said).toContain('@postern/mail-imap');
    expect(said).toContain('test failed');
  });
});
