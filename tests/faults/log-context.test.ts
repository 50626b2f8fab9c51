/** Whose session a log line is about: the login and the backend behind it. */
import { afterEach, describe, expect, it } from 'vitest';
import { base64, languages, playBackend } from './languages.js';
import { closeStages, setStage } from './stage.js';

afterEach(closeStages);

describe('a login in log lines', () => {
  it.each([
    { name: 'USER', protocol: 'pop3', sent: 'USER bob\r\n' },
    { name: 'the first line of LOGIN', protocol: 'smtp', sent: `AUTH LOGIN ${base64('bob')}\r\n` },
    {
      name: 'a CRAM-MD5 answer without a digest',
      protocol: 'imap',
      sent: `a AUTHENTICATE CRAM-MD5\r\n${base64('bob x')}\r\n`,
    },
  ] as const)('is not what was said in $name, before anybody is asked', async (wanted) => {
    const stage = await setStage({ protocol: wanted.protocol, server: 'timeout 300ms;' });
    const client = await stage.client();
    await client.send(wanted.sent);
    await client.ended;
    expect(stage.log.at(-1)).toMatch(
      /client timed out \(110: Connection timed out\) while in auth state, client: 127\.0\.0\.1, server: 127\.0\.0\.1:\d+$/,
    );
    expect(stage.log.join('\n')).not.toContain('bob');
  });

  it('is that of the login that was submitted', async () => {
    const stage = await setStage({ protocol: 'pop3' });
    const client = await stage.client();
    await client.send('USER bob\r\nPASS x\r\n');
    await client.expect('+OK', '+OK logged in');
    await client.close();
    await expect.poll(() => stage.log.at(-1)).toContain('proxied session done');
    expect(stage.log.at(-1)).toMatch(/, login: "bob", upstream: 127\.0\.0\.1:\d+$/);
  });
});

it('a session without a login names its backend all the same', async () => {
  const says = ['220 ready', '250 backend', '220 welcome', '250 sender', '250 recipient'];
  const stage = await setStage({
    protocol: 'smtp',
    server: 'smtp_auth none;',
    backend: (proxy) => playBackend(proxy, { ...languages.smtp, says }),
  });
  const client = await stage.client();
  await client.send('MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n');
  await client.expect('250 2.0.0 OK', '250 recipient');
  await client.close();
  await expect.poll(() => stage.log.at(-1)).toContain('proxied session done');
  expect(stage.log.at(-1)).toMatch(/server: 127\.0\.0\.1:\d+, upstream: 127\.0\.0\.1:\d+$/);
});
