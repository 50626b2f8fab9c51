/** What users install: core, IMAP, and a module of somebody else. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acceptLogin, connectClient, startAuthServer, startImapBackend } from '@postern/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, run } from './child.js';
import { Packages, root, version, type Project } from './packages.js';
import { startProxyProcess } from './proxy-process.js';

let packages: Packages | undefined;

afterAll(() => packages?.remove());

describe('a project with core, IMAP and a module of somebody else', () => {
  const parts = ['core', 'imap', 'greylist', 'testkit'] as const;
  let project: Project;
  let place = '';
  beforeAll(async () => {
    packages = await Packages.pack(parts);
    project = await packages.project(...parts);
    place = project.directory;
  });

  it('has the modules that its dependencies declare, and -V says where they come from', async () => {
    const { code, said } = await project.postern('-V');
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
      (prefix) => [
        project.command,
        '-p',
        prefix,
        '-c',
        `${prefix}/nginx.conf`,
        '-g',
        'daemon off;',
      ],
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
