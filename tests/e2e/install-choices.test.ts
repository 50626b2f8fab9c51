/** Every choice of packages proxies what was chosen and knows nothing of the rest. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  acceptLogin,
  connectClient,
  startAuthServer,
  startImapBackend,
  startPop3Backend,
  startSmtpBackend,
  type AuthServer,
  type ScriptedPeer,
} from '@postern/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../free-port.js';
import { run } from './child.js';
import { Packages, version, type Part, type Project } from './packages.js';
import { startProxyProcess, type Protocol } from './proxy-process.js';

/** What each package adds, and what it exports it as. */
const added = {
  imap: {
    name: '@postern/mail-imap',
    directives: ['imap_auth', 'imap_capabilities', 'imap_client_buffer', 'proxy_imap_login'],
  },
  pop3: {
    name: '@postern/mail-pop3',
    directives: ['pop3_auth', 'pop3_capabilities', 'pop3_client_buffer'],
  },
  smtp: {
    name: '@postern/mail-smtp',
    directives: [
      'smtp_auth',
      'smtp_capabilities',
      'smtp_client_buffer',
      'smtp_greeting_delay',
      'xclient',
      'proxy_smtp_auth',
    ],
  },
  resolver: { name: '@postern/resolver', directives: ['resolver', 'resolver_timeout'] },
} as const;
type Addition = keyof typeof added;

const additions = Object.keys(added) as readonly Addition[];
const protocols: readonly Protocol[] = ['imap', 'pop3', 'smtp'];

const choices: readonly {
  readonly parts: readonly Part[];
  readonly brings: readonly Addition[];
}[] = [
  ['core'],
  ['core', 'imap'],
  ['core', 'pop3'],
  ['core', 'smtp'],
  ['core', 'imap', 'pop3'],
  ['core', 'imap', 'smtp'],
  ['core', 'pop3', 'smtp'],
  ['core', 'smtp', 'resolver'],
  ['complete'],
].map((parts) => ({
  parts: parts as readonly Part[],
  brings: parts[0] === 'complete' ? additions : (parts.slice(1) as readonly Addition[]),
}));

/** A session over each protocol, by which mail is read or sent. */
const sessions: Readonly<Record<Protocol, (client: ScriptedPeer) => Promise<void>>> = {
  imap: async (client) => {
    await client.send('a LOGIN alice secret\r\nb SELECT INBOX\r\nc FETCH 1 BODY[TEXT]\r\n');
    expect(await client.readUntil('\r\nc OK ')).toContain('Hello.\r\n');
    await client.sendLine('d LOGOUT');
    await client.readUntil('\r\nd OK ');
  },
  pop3: async (client) => {
    await client.send('USER alice\r\nPASS secret\r\nRETR 1\r\nQUIT\r\n');
    expect(await client.readToEnd()).toContain('\r\nHello.\r\n.\r\n+OK');
  },
  smtp: async (client) => {
    const login = Buffer.from('\0alice\0secret').toString('base64');
    await client.send(`EHLO client.test\r\nAUTH PLAIN ${login}\r\n`);
    await client.send('MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n');
    await client.readUntil('\r\n354 ');
    await client.send('Subject: hello\r\n\r\nHello.\r\n.\r\nQUIT\r\n');
    expect(await client.readToEnd()).toMatch(/\r\n250 .*\r\n221 .*\r\n$/);
  },
};

const messages = ['Subject: hello\r\n\r\nHello.\r\n'];
const startBackend = {
  imap: () => startImapBackend({ messages }),
  pop3: () => startPop3Backend({ messages }),
  smtp: () => startSmtpBackend(),
};

/** Tries each directive of `names` alone and prints what is said about it, as JSON. */
const trial = (modules: readonly string[], names: readonly string[]): string => `
  import { createServer } from '@postern/core';
  const modules = [];
  for (const name of ${JSON.stringify(modules)}) {
    const found = Object.values(await import(name)).find(({ api }) => api === 1);
    modules.push(found);
  }
  const trials = ${JSON.stringify(names)}.map(async (name) => {
    const config = \`events {} mail { \${name} on; }\`;
    const said = await createServer({ modules, config }).catch((error) => error);
    return \`\${said.message}; \${said.help}\`;
  });
  console.log(JSON.stringify(await Promise.all(trials)));
`;

let packages: Packages | undefined;
/** One project for each of `choices`. */
let projects: readonly Project[] = [];

beforeAll(async () => {
  const packed = await Packages.pack(['core', ...additions, 'complete']);
  packages = packed;
  projects = await Promise.all(choices.map(({ parts }) => packed.project(...parts)));
});

afterAll(() => packages?.remove());

describe.each(choices)('a project with $parts', (choice) => {
  const { brings } = choice;
  const missing = additions.filter((each) => !brings.includes(each));
  let project: Project;

  beforeAll(() => {
    const mine = projects[choices.indexOf(choice)];
    if (mine === undefined) throw new Error('there is no project');
    project = mine;
    mkdirSync(join(project.directory, 'logs'));
  });

  /** Starts the installed proxy for one protocol, holds a session, and gives the last auth request. */
  async function proxySession(protocol: Protocol, mail = ''): Promise<AuthServer['requests']> {
    const backend = await startBackend[protocol]();
    const auth = await startAuthServer(() => acceptLogin(backend.port));
    const commandLine = (prefix: string) =>
      [project.command, '-p', prefix, '-c', `${prefix}/nginx.conf`, '-g', 'daemon off;'] as const;
    const front = await startProxyProcess(commandLine, { authPort: auth.port, protocol, mail });
    const client = await connectClient(front.port, { deadlineMs: 60_000 });
    try {
      await client.line();
      await sessions[protocol](client);
      return auth.requests;
    } finally {
      await client.close();
      await front.stop().finally(() => Promise.all([auth.close(), backend.close()]));
    }
  }

  const proxied = protocols.filter((protocol) => brings.includes(protocol));

  it('says what it can', async () => {
    const { said } = await project.postern('-V');
    for (const name of protocols) {
      const has = brings.includes(name);
      expect(said.includes(`module: mail_${name} (@postern/mail-${name} ${version})\n`)).toBe(has);
      expect(said.includes(`--without-mail_${name}_module`)).toBe(!has);
    }
  });

  it.each(proxied)('proxies %s', async (protocol) => {
    const [request] = await proxySession(protocol);
    expect(request?.protocol).toBe(protocol);
    const host = protocol === 'smtp' ? '[UNAVAILABLE]' : undefined;
    expect(request?.header('Client-Host')).toBe(host);
  });

  it.each(brings.filter((each) => each === 'resolver'))('asks for names by %s', async () => {
    const nobody = `127.0.0.1:${String(await freePort())}`;
    const [request] = await proxySession('smtp', `resolver ${nobody}; resolver_timeout 300ms;`);
    expect(request?.header('Client-Host')).toBe('[TEMPUNAVAIL]');
  });

  it('knows no directive of a package that is not there, and names the package', async () => {
    const names = missing.flatMap((each) => added[each].directives);
    const program = join(project.directory, 'trial.mjs');
    const modules = brings.map((each) => added[each].name);
    writeFileSync(program, trial(modules, names));
    const said = JSON.parse((await run(process.execPath, [program])).toString()) as unknown;
    const expected = missing.flatMap((each) =>
      added[each].directives.map((name) => {
        const owner = `this directive belongs to ${added[each].name}, which is not installed`;
        return `unknown directive "${name}"; ${owner}`;
      }),
    );
    expect(said).toEqual(expected);
  });

  const absent = protocols.filter((protocol) => !brings.includes(protocol));

  it.each(absent)('has no protocol %s, and names the package', async (protocol) => {
    const file = join(project.directory, 'nginx.conf');
    const server = `server { listen 127.0.0.1:1; protocol ${protocol}; }`;
    writeFileSync(file, `events {}\nmail { auth_http 127.0.0.1:9;\n${server} }\n`);
    const { code, said } = await project.postern('-t', '-p', project.directory, '-c', file);
    expect(code).toBe(1);
    expect(said).toContain(`[emerg] unknown protocol "${protocol}" in ${file}:3\n`);
    expect(said).toContain(`${added[protocol].name}, which is not installed`);
  });
});
