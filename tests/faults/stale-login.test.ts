/**
 * D4 (CVE-2025-53859): what a client said in a login that came to nothing is not told the auth service about a sender
 * who does not log in.
 */
import { refuseLogin } from '@postern/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { base64 } from './languages.js';
import { shortenWaits } from './short-waits.js';
import { closeStages, setStage } from './stage.js';

beforeEach(shortenWaits);
afterEach(async () => {
  vi.restoreAllMocks();
  await closeStages();
});

const digest = base64(`secretuser ${'0'.repeat(32)}`);

const logins = [
  { name: 'nothing', sent: '' },
  { name: 'LOGIN with Base64 that is none', sent: `AUTH LOGIN ${'!'.repeat(200)}\r\n` },
  { name: 'PLAIN without a password', sent: 'AUTH PLAIN AHNlY3JldHVzZXI=\r\n' },
  { name: 'LOGIN that ends behind the user', sent: 'AUTH LOGIN\r\ndXNlcg==\r\n*\r\n' },
  { name: 'LOGIN whose password is no Base64', sent: `AUTH LOGIN dXNlcg==\r\n!!!!\r\n` },
  { name: 'CRAM-MD5 that is broken off', sent: 'AUTH CRAM-MD5\r\n*\r\n' },
  { name: 'CRAM-MD5 without a digest', sent: 'AUTH CRAM-MD5\r\nbm9zcGFjZQ==\r\n' },
  { name: 'EXTERNAL that is broken off', sent: 'AUTH EXTERNAL\r\n*\r\n' },
  { name: 'PLAIN that was refused', sent: `AUTH PLAIN ${base64('\0secretuser\0pw')}\r\n` },
  { name: 'CRAM-MD5 that was refused', sent: `AUTH CRAM-MD5\r\n${digest}\r\n` },
  { name: 'EXTERNAL that was refused', sent: `AUTH EXTERNAL ${base64('secretuser')}\r\n` },
];

describe.each([
  { how: 'in one segment', split: undefined },
  { how: 'byte by byte', split: 1 },
])('D4: $how, behind', ({ split }) => {
  it.each(logins)('$name a sender without a login has no login', async ({ sent }) => {
    const stage = await setStage({
      protocol: 'smtp',
      server: 'smtp_auth none plain login cram-md5 external;',
      answer: ({ method }) => (method === 'none' ? refuseLogin('go away') : refuseLogin('no', 1)),
    });
    const client = await stage.client(split === undefined ? {} : { split });
    await client.send(`EHLO h\r\n${sent}MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n`);
    expect(await client.readToEnd()).toContain('250 2.0.0 OK\r\n535 5.7.0 go away\r\n');
    const request = stage.auth.requests.at(-1) ?? expect.fail('nobody asked');
    expect(
      request.headers.filter(([name]) => /^auth-(method|user|pass|salt)$/i.test(name)),
    ).toEqual([
      ['Auth-Method', 'none'],
      ['Auth-User', ''],
      ['Auth-Pass', ''],
    ]);
    expect(request.text).not.toContain('secretuser');
    expect(stage.log.at(-1)).not.toContain('secretuser');
  });
});

it('EXTERNAL behind a password that was refused has none', async () => {
  const stage = await setStage({
    protocol: 'smtp',
    server: 'smtp_auth plain external;',
    answer: () => refuseLogin('no', 1),
  });
  const client = await stage.client();
  const sent = [`AUTH PLAIN ${base64('\0u\0secretpass')}`, `AUTH EXTERNAL ${base64('u')}`, 'QUIT'];
  await client.send(sent.map((line) => `${line}\r\n`).join(''));
  await client.readToEnd();
  const request = stage.auth.requests.at(-1) ?? expect.fail('nobody asked');
  expect(request.headers).toContainEqual(['Auth-Method', 'external']);
  expect(request.headers).toContainEqual(['Auth-Pass', '']);
});
