/** The commands that `npm start` prints, typed into a shell. */
import { execFile } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { imap } from '@postern/mail-imap';
import { pop3 } from '@postern/mail-pop3';
import { smtp } from '@postern/mail-smtp';
import { demoCommands, startDemo, type Demo } from '@postern/testkit';

let demo: Demo | undefined;

beforeAll(async () => {
  const [proxy, backend] = [
    { imap: 0, pop3: 0, smtp: 0 },
    { imapBackend: 0, pop3Backend: 0, smtpBackend: 0 },
  ];
  demo = await startDemo({ modules: [imap, pop3, smtp], ports: { ...proxy, ...backend, auth: 0 } });
});

afterAll(() => demo?.close());

/** What a command prints on both outputs; a wrong password makes curl end with an error, which is right. */
const outputOf = (line: string): Promise<string> =>
  new Promise((resolve) => {
    execFile('sh', ['-c', line], { timeout: 60_000 }, (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });

const numbers = demoCommands({
  imap: 0,
  pop3: 0,
  smtp: 0,
  auth: 0,
  imapBackend: 0,
  pop3Backend: 0,
  smtpBackend: 0,
}).map(({ about }, at) => ({ about, at }));

it.each(numbers)('a user of the demo can $about', async ({ at }) => {
  if (demo === undefined) throw new Error('the demo did not start');
  const command = demoCommands(demo.ports)[at];
  expect(await outputOf(command?.line ?? '')).toContain(command?.prints);
});
