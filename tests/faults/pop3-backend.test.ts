/** POP3 backends that answer oddly while the proxy logs in. */
import { afterEach, describe, expect, it } from 'vitest';
import { describeRefusals, hear, logIn } from './backend-replies.js';
import { languages, playBackend } from './languages.js';
import { closeStages, setStage } from './stage.js';

afterEach(closeStages);

describeRefusals('pop3', [
  {
    name: 'I1: a greeting that never ends is cut at proxy_buffer',
    says: ['x'.repeat(60_000)],
    logged: 'upstream sent too long response line',
  },
  // As in nginx whatever is no +OK is a refusal, and may be shown as one.
  ...[
    { name: 'I4: an IMAP greeting', reply: '* OK ready\r\n' },
    { name: 'I4: a status of another case', reply: '+ok ready\r\n' },
    { name: 'I4: half a status', reply: '+O\r\n' },
    { name: 'I4: an empty line', reply: '\r\n' },
    { name: 'I4: a NUL before the greeting', reply: '\0+OK hi\r\n' },
    { name: 'I4: a SASL invitation as the answer to USER', reply: '+ \r\n', behind: 1 },
  ].map((each) => ({ ...each, says: [each.reply], passed: each.reply })),
  { name: 'I5: a greeting with the answer to what was not asked yet', says: ['+OK\r\n+OK\r\n'] },
  { name: 'I5: the answer to PASS ahead of it', behind: 1, says: ['+OK\r\n+OK in\r\n'] },
  { name: 'I5: half a line behind the greeting', says: ['+OK\r\n+O'] },
  ...[
    { name: 'the greeting', behind: 0 },
    { name: 'USER', behind: 1 },
    { name: 'PASS', behind: 2 },
  ].flatMap(({ name, behind }) => [
    {
      name: `I8: a refusal in place of ${name}`,
      behind,
      says: ['-ERR [AUTH] no\r\n'],
      passed: '-ERR [AUTH] no\r\n',
    },
    {
      name: `I9: a refusal in place of ${name} with a success behind it`,
      behind,
      says: ['-ERR no\r\n+OK injected\r\n'],
      passed: '-ERR no\r\n',
    },
    {
      name: `I9: a refusal in place of ${name} with half a line behind it`,
      behind,
      says: ['-ERR no\r\n+OK inj'],
      passed: '-ERR no\r\n',
    },
  ]),
]);

describe('a POP3 backend', () => {
  it.each([
    { name: 'three segments', pieces: ['+O', 'K hi\r', '\n'] },
    { name: 'single bytes', pieces: Array.from('+OK hi\r\n') },
  ])('I2: is understood where its greeting comes in $name', async ({ pieces }) => {
    const stage = await setStage({
      protocol: 'pop3',
      backend: async (proxy) => {
        for (const piece of pieces) await proxy.send(piece);
        for (const command of ['USER alice', 'PASS secret']) {
          await proxy.expect(command);
          for (const byte of '+OK in\r\n') await proxy.send(byte);
        }
      },
    });
    const client = await logIn(stage);
    await client.expect('+OK', '+OK in');
    expect(stage.backend.failures).toEqual([]);
  });

  it.each([
    { name: 'in the same read', pieces: ['+OK in\r\n+OK 0 0\r\n'] },
    { name: 'in two', pieces: ['+OK in\r', '\n+OK 0 0\r\n'] },
  ])('I7: what it says behind its OK, $name, reaches the client once', async ({ pieces }) => {
    const stage = await setStage({
      protocol: 'pop3',
      backend: async (proxy) => {
        await playBackend(proxy, languages.pop3, 2);
        await proxy.line();
        for (const piece of pieces) await proxy.send(piece);
        proxy.finish();
      },
    });
    expect(await hear(stage)).toBe('+OK\r\n+OK in\r\n+OK 0 0\r\n');
  });

  it('I15: ends no line with a bare LF, and NUL in its greeting does no harm', async () => {
    const stage = await setStage({
      protocol: 'pop3',
      server: 'timeout 300ms;',
      backend: (proxy) => proxy.send('+OK hi\n'),
    });
    expect(await hear(stage)).toBe('+OK\r\n-ERR internal server error\r\n');
    expect(stage.log.join('\n')).toContain('upstream timed out (110: Connection timed out)');
    const odd = await setStage({
      protocol: 'pop3',
      backend: async (proxy) => {
        await proxy.send('+OK\0\xff\r\n');
        await proxy.expect('USER alice');
        await proxy.send('+OK\n\0\r\n');
        await proxy.expect('PASS secret');
        await proxy.send('+OK \0\xff in\r\n');
      },
    });
    await (await logIn(odd)).expect('+OK', '+OK \0\xff in');
  });
});
