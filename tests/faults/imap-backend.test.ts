/** IMAP backends that answer oddly while the proxy logs in. */
import type { Conversation, ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import {
  closeStages,
  expectWorkingProxy,
  letIn,
  noSession,
  setStage,
  type Stage,
} from './stage.js';

afterEach(closeStages);

const internalError = '* BAD internal server error\r\n';

async function logIn(stage: Stage): Promise<ScriptedPeer> {
  const client = await stage.client();
  await client.sendLine('a LOGIN alice secret');
  return client;
}

/** What a client hears of a login, from behind the greeting to the end. */
async function hear(stage: Stage): Promise<string> {
  return (await logIn(stage)).readToEnd();
}

/** A backend that says `greeting`, hears the login and says `reply`, each in one piece. */
const says =
  (greeting: string, reply = ''): Conversation =>
  async (proxy) => {
    await proxy.send(greeting);
    if (reply === '') return;
    await proxy.line();
    await proxy.send(reply);
  };

describe('what a backend says while the proxy logs in', () => {
  it.each([
    { name: 'I2: a greeting in three segments', pieces: ['* O', 'K hi\r', '\n'] },
    { name: 'I2: a greeting byte by byte', pieces: Array.from('* OK hi\r\n') },
  ])('$name is understood', async ({ pieces }) => {
    const stage = await setStage({
      backend: async (proxy) => {
        for (const piece of pieces) await proxy.send(piece);
        await proxy.expect('a LOGIN "alice" "secret"');
        await proxy.sendLine('a OK in');
      },
    });
    await (await logIn(stage)).expect('a OK in');
    expect(stage.backend.failures).toEqual([]);
  });

  it.each([
    { name: 'an SMTP greeting', says: '220 ready\r\n' },
    { name: 'half a reply code', says: '22\r\n' },
    { name: 'a greeting of many lines', says: '220-\r\n220 x\r\n' },
    { name: 'an unknown status', says: '* MAYBE x\r\n' },
    { name: 'a status of another case', says: '* ok x\r\n' },
    { name: 'an empty line', says: '\r\n' },
    { name: 'a NUL before the greeting', says: '\0* OK hi\r\n' },
    { name: 'bytes above 0x7f', says: '\xff\xfe* OK\r\n' },
  ])('I4: $name is an error, and no login is sent', async ({ says: greeting }) => {
    const stage = await setStage({ backend: says(greeting) });
    expect(await hear(stage)).toBe(internalError);
    expect(stage.backend.connections.map((proxy) => proxy.received)).toEqual(['']);
    expect(stage.log.join('\n')).toContain('upstream sent invalid response: "');
    await expectWorkingProxy(stage);
  });

  it.each([
    {
      name: 'I1: a greeting that never ends, cut at proxy_buffer,',
      pieces: ['* OK '.repeat(12_000)],
      logged: 'upstream sent too long response line: "',
    },
    {
      name: 'I5: a greeting with the answer to what was not asked yet',
      pieces: ['* OK\r\n+ \r\n'],
    },
    { name: 'I5: a greeting with the result of the login', pieces: ['* OK\r\na OK in\r\n'] },
    { name: 'I5: a greeting with half a line behind it', pieces: ['* OK\r\n*'] },
  ])('$name is an error, and no login is sent', async ({ pieces, logged }) => {
    const stage = await setStage({ backend: says(pieces.join('')) });
    expect(await hear(stage)).toBe(internalError);
    expect(stage.backend.connections.map((proxy) => proxy.received)).toEqual(['']);
    expect(stage.log.join('\n')).toContain(logged ?? 'upstream sent invalid response: "');
    await expectWorkingProxy(stage);
  });

  it.each([
    { name: 'in the same read', pieces: ['a OK in\r\n* 1 EXISTS\r\n'] },
    { name: 'in two', pieces: ['a OK in\r', '\n* 1 EXISTS\r\n'] },
  ])('I7: what comes behind the OK, $name, reaches the client once', async ({ pieces }) => {
    const stage = await setStage({
      backend: async (proxy) => {
        await proxy.sendLine('* OK ready');
        await proxy.line();
        for (const piece of pieces) await proxy.send(piece);
        proxy.finish();
      },
    });
    expect(await hear(stage)).toBe('a OK in\r\n* 1 EXISTS\r\n');
  });

  it.each([
    { name: 'in one segment', pieces: ['* CAPABILITY IMAP4rev1\r\na OK in\r\n'] },
    { name: 'in two segments', pieces: ['* CAPABILITY IMAP4rev1\r\n', 'a OK in\r\n'] },
    { name: 'cut in the middle', pieces: ['* CAPABILITY IMAP4rev1\r', '\na O', 'K in\r\n'] },
  ])(
    'I6: an untagged line before the result, $name, reaches the client once',
    async ({ pieces }) => {
      const stage = await setStage({
        backend: async (proxy) => {
          await proxy.sendLine('* OK ready');
          await proxy.line();
          for (const piece of pieces) await proxy.send(piece);
          await proxy.expect('b NOOP');
          await proxy.sendLine('b OK done');
        },
      });
      const client = await logIn(stage);
      await client.expect('* CAPABILITY IMAP4rev1', 'a OK in');
      await client.sendLine('b NOOP');
      await client.expect('b OK done');
      expect(client.received.split('CAPABILITY')).toHaveLength(2);
    },
  );

  it.each([
    { name: 'NO', reply: 'a NO [AUTHENTICATIONFAILED] x\r\n' },
    { name: 'BAD', reply: 'a BAD x\r\n' },
    { name: 'a tagged BYE', reply: 'a BYE x\r\n' },
  ])('I8: a refusal by $name is passed on where that is configured', async ({ reply }) => {
    const backend = says('* OK ready\r\n', reply);
    const told = await setStage({ backend, server: 'proxy_pass_error_message on;' });
    expect(await hear(told)).toBe(reply);
    const silent = await setStage({ backend });
    expect(await hear(silent)).toBe(internalError);
  });

  it.each([
    { name: 'a success', behind: 'a OK injected\r\n' },
    { name: 'an alert', behind: '* OK [ALERT] call 555\r\n' },
    { name: 'another refusal', behind: 'a NO [REFERRAL imap://evil/] x\r\n' },
    { name: 'half a line', behind: 'a O' },
  ])('I9: behind a refusal $name does not pass', async ({ behind }) => {
    const stage = await setStage({
      backend: says('* OK ready\r\n', `a NO no\r\n${behind}`),
      server: 'proxy_pass_error_message on;',
    });
    expect(await hear(stage)).toBe('a NO no\r\n');
    expect(stage.log.join('\n')).toContain('upstream sent invalid response: "NO no"');
  });

  it('I14: an OK and the end right behind it are given to the client, and logged', async () => {
    const stage = await setStage({
      backend: async (proxy) => {
        await letIn(proxy);
        proxy.finish();
      },
    });
    expect(await hear(stage)).toBe('a OK logged in\r\n');
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    const log = stage.log.join('\n');
    expect(log).toContain('client logged in, client: 127.0.0.1');
    expect(log).toContain('proxied session done, client: 127.0.0.1');
  });

  it('I15: a bare LF ends no line before the login, and the deadline ends the wait', async () => {
    const stage = await setStage({ backend: says('* OK hi\n'), server: 'timeout 300ms;' });
    expect(await hear(stage)).toBe(internalError);
    expect(stage.log.join('\n')).toContain('upstream timed out (110: Connection timed out)');
  });

  it('I15: after the login every byte passes both ways as it is', async () => {
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const odd = Buffer.concat([Buffer.from('\n\r\0\r\r\n'), everyByte, Buffer.from('\n')]);
    const stage = await setStage({
      backend: async (proxy) => {
        await letIn(proxy);
        await proxy.send(await proxy.read(odd.length));
      },
    });
    const client = await logIn(stage);
    await client.expect('a OK logged in');
    await client.send(odd);
    expect(await client.read(odd.length)).toEqual(odd);
  });
});
