/** SMTP backends that answer oddly while the proxy logs in. */
import { afterEach, describe, expect, it } from 'vitest';
import { describeRefusals, hear, logIn } from './backend-replies.js';
import { languages, playBackend } from './languages.js';
import { closeStages, setStage } from './stage.js';

afterEach(closeStages);

describeRefusals('smtp', [
  {
    name: 'I1: a greeting that never ends is cut at proxy_buffer',
    says: ['220 '.repeat(15_000)],
    logged: 'upstream sent too long response line',
  },
  {
    name: 'I3: an answer to EHLO with lines for ever is cut at proxy_buffer',
    behind: 1,
    says: ['250-x\r\n'.repeat(10_000)],
    logged: 'upstream sent too long response line',
  },
  { name: 'I4: a greeting without a space', says: ['220x\r\n'] },
  { name: 'I4: half a code', says: ['22\r\n'] },
  { name: 'I4: a code that is none', says: ['999 x\r\n'] },
  { name: 'I4: a greeting whose code changes', says: ['220-a\r\n250 b\r\n'] },
  { name: 'I4: an answer whose code changes', behind: 1, says: ['250-a\r\n220 b\r\n'] },
  { name: 'I4: an IMAP greeting', says: ['* OK ready\r\n'] },
  { name: 'I4: an empty line', says: ['\r\n'] },
  { name: 'I4: the wrong code for a greeting', says: ['250 ready\r\n'] },
  { name: 'I4: an interim code', behind: 1, says: ['354 go on\r\n'] },
  { name: 'I5: answers to what was not asked yet', says: ['220 a\r\n250 b\r\n250 c\r\n'] },
  { name: 'I5: half a line behind the greeting', says: ['220 a\r\n25'] },
  {
    name: 'I8: 421 in place of the greeting',
    says: ['421 4.3.2 busy\r\n'],
    passed: '421 4.3.2 busy\r\n',
  },
  {
    name: 'I8: a refusal of two lines in place of the answer to EHLO',
    behind: 1,
    says: ['550-not\r', '\n550 you\r\n'],
    passed: '550-not\r\n550 you\r\n',
  },
  {
    name: 'I8: a refusal of XCLIENT',
    behind: 2,
    says: ['535 5.7.8 no\r\n'],
    passed: '535 5.7.8 no\r\n',
  },
  { name: 'I9: a refusal that ends as a success', behind: 1, says: ['554-a\r\n250 b\r\n'] },
  {
    name: 'I9: a refusal with a success behind it',
    behind: 2,
    says: ['554 no\r\n235 injected\r\n'],
    passed: '554 no\r\n',
  },
  {
    name: 'I9: a refusal with half a line behind it',
    behind: 1,
    says: ['554 no\r\n23'],
    passed: '554 no\r\n',
  },
]);

describe('an SMTP backend', () => {
  const bytes = (text: string): readonly string[] => Array.from(text);

  it.each([
    { name: 'a line in three segments', greeting: ['22', '0 hi\r', '\n'], ehlo: ['250 x\r\n'] },
    {
      name: 'lines byte by byte',
      greeting: bytes('220 hi\r\n'),
      ehlo: bytes('250-x\r\n250 y\r\n'),
    },
    { name: 'a code alone', greeting: ['220\r\n'], ehlo: ['250\r\n'] },
    {
      name: 'lines in one segment',
      greeting: ['220-a\r\n220-b\r\n220 c\r\n'],
      ehlo: ['250-x\r\n250-\r\n250 z\r\n'],
    },
    {
      name: 'a segment for each line',
      greeting: ['220-a\r\n', '220-b\r\n', '220 c\r\n'],
      ehlo: ['250-x\r\n', '250 z\r\n'],
    },
  ])('I2, I3: is understood where it says $name', async ({ greeting, ehlo }) => {
    const stage = await setStage({
      protocol: 'smtp',
      backend: async (proxy) => {
        for (const piece of greeting) await proxy.send(piece);
        await proxy.expect('EHLO mail.example.com');
        for (const piece of ehlo) await proxy.send(piece);
        await proxy.expect('XCLIENT ADDR=127.0.0.1 LOGIN=alice NAME=[UNAVAILABLE]');
        await proxy.sendLine('220 go');
      },
    });
    await (await logIn(stage)).expect('235 2.0.0 OK');
    expect(stage.backend.failures).toEqual([]);
  });

  it.each([
    { name: 'in the same read', pieces: ['220 go\r\n250 more\r\n'] },
    { name: 'in two', pieces: ['220 go\r', '\n250 more\r\n'] },
  ])('I7: what it says behind its last answer, $name, reaches the client', async ({ pieces }) => {
    const stage = await setStage({
      protocol: 'smtp',
      backend: async (proxy) => {
        await playBackend(proxy, languages.smtp, 2);
        await proxy.line();
        for (const piece of pieces) await proxy.send(piece);
        proxy.finish();
      },
    });
    expect(await hear(stage)).toBe('235 2.0.0 OK\r\n250 more\r\n');
  });

  it('I15: ends no line with a bare LF, and odd bytes in its text do no harm', async () => {
    const stage = await setStage({
      protocol: 'smtp',
      server: 'timeout 300ms;',
      backend: (proxy) => proxy.send('220 hi\n'),
    });
    expect(await hear(stage)).toBe('451 4.3.2 Internal server error\r\n');
    expect(stage.log.join('\n')).toContain('upstream timed out (110: Connection timed out)');
    const odd = await setStage({
      protocol: 'smtp',
      backend: async (proxy) => {
        await proxy.send('220 \0\xff\n\r\n');
        await proxy.line();
        await proxy.send('250 \0\r\n');
        await proxy.line();
        await proxy.send('220 \0\r\n');
      },
    });
    await (await logIn(odd)).expect('235 2.0.0 OK');
  });
});
