/** Backends that answer oddly, leave, or are the proxy itself. */
import { acceptLogin, refuseLogin, type Conversation, type ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { closeStages, expectWorkingProxy, letIn, setStage, type Stage } from './stage.js';

afterEach(closeStages);

const internalError = '* BAD internal server error\r\n';
const noSession = { waiting: 0, relayed: 0 };

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

describe('I10: a backend that goes', () => {
  const steps: { name: string; before: Conversation }[] = [
    { name: 'before its greeting', before: () => undefined },
    { name: 'in the middle of its greeting', before: (proxy) => proxy.send('* OK re') },
    {
      name: 'at the login',
      before: async (proxy) => {
        await proxy.sendLine('* OK ready');
        await proxy.line();
      },
    },
    {
      name: 'in the middle of its result',
      before: async (proxy) => {
        await proxy.sendLine('* OK ready');
        await proxy.line();
        await proxy.send('a OK i');
      },
    },
  ];
  const ways: { way: string; go: (proxy: ScriptedPeer) => void }[] = [
    {
      way: 'with FIN',
      go: (proxy) => {
        proxy.finish();
      },
    },
    {
      way: 'with RST',
      go: (proxy) => {
        proxy.reset();
      },
    },
    { way: 'by saying nothing more', go: () => undefined },
  ];
  const cases = steps.flatMap((step) => ways.map((way) => ({ ...step, ...way })));

  it.each(cases)('$name, $way, costs one session and nothing else', async ({ before, go }) => {
    const stage = await setStage({
      server: 'timeout 300ms;',
      backend: async (proxy) => {
        await before(proxy);
        go(proxy);
      },
    });
    expect(await hear(stage)).toBe(internalError);
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    expect(stage.backend.failures).toEqual([]);
    const [proxy] = stage.backend.connections;
    await proxy?.ended;
    await expectWorkingProxy(stage);
  });

  it.each(ways.slice(0, 2))('after the login, $way: what it said comes first', async ({ go }) => {
    const news = Buffer.alloc(300_000, 'news\r\n');
    const stage = await setStage({
      backend: async (proxy) => {
        await letIn(proxy);
        await proxy.expect('b NOOP');
        await proxy.send(news);
        await proxy.expect('c NOOP');
        go(proxy);
      },
    });
    const client = await logIn(stage);
    await client.expect('a OK logged in');
    await client.sendLine('b NOOP');
    expect((await client.read(news.length)).equals(news)).toBe(true);
    await client.sendLine('c NOOP');
    expect(await client.readToEnd()).toBe('');
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
  });
});

describe('I10: a client that goes', () => {
  it.each([
    { name: 'before it is greeted', say: undefined, hears: '' },
    { name: 'in the middle of a command', say: 'a LOG', hears: '' },
    { name: 'while the auth service thinks', say: 'a LOGIN slow x\r\n', hears: 'auth' },
    { name: 'while it waits for a refusal', say: 'a LOGIN wait x\r\n', hears: 'auth' },
    { name: 'while the backend thinks', say: 'a LOGIN stuck x\r\n', hears: 'backend' },
  ])('$name leaves nothing behind', async ({ say, hears }) => {
    const stage = await setStage({
      backend: () => undefined,
      answer: ({ user }) => {
        if (user === 'wait') return refuseLogin('no', 3600);
        return user === 'slow' ? { hang: true } : acceptLogin(stage.backend.port);
      },
    });
    const client = await stage.connect();
    if (say !== undefined) await client.send(say);
    if (hears === 'auth') await stage.auth.nextRequest();
    const proxy = hears === 'backend' ? await stage.backend.nextConnection() : undefined;
    client.reset();
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    await proxy?.ended;
    expect(stage.backend.connections).toHaveLength(hears === 'backend' ? 1 : 0);
    expect(stage.log.filter((line) => line.includes('[error]'))).toEqual([]);
    await expectWorkingProxy(stage);
  });
});

describe('the relay', () => {
  it('I12: a client that does not read stops the backend, and gets everything later', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const pieces = 48;
    let sent = 0;
    const stage = await setStage({
      backend: async (proxy) => {
        await letIn(proxy);
        for (; sent < pieces; sent += 1) await proxy.send(piece);
        proxy.finish();
      },
    });
    const client = await logIn(stage);
    await client.expect('a OK logged in');
    client.stall();
    // It stands still: two looks one after the other see the same.
    let before = -1;
    await expect
      .poll(
        () => {
          const still = sent === before;
          before = sent;
          return still;
        },
        { interval: 200 },
      )
      .toBe(true);
    expect(sent).toBeLessThan(pieces);
    client.resume();
    expect(await client.readToEnd()).toHaveLength(pieces * piece.length);
  });

  it('I12: a backend that does not read stops the client, and gets everything later', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const pieces = 48;
    let sent = 0;
    const stage = await setStage({
      backend: async (proxy) => {
        await letIn(proxy);
        proxy.stall();
      },
    });
    const client = await logIn(stage);
    await client.expect('a OK logged in');
    const [proxy] = stage.backend.connections;
    const pouring = (async () => {
      for (; sent < pieces; sent += 1) await client.send(piece);
    })();
    let before = -1;
    await expect
      .poll(
        () => {
          const still = sent === before;
          before = sent;
          return still;
        },
        { interval: 200 },
      )
      .toBe(true);
    expect(sent).toBeLessThan(pieces);
    proxy?.resume();
    await pouring;
    await proxy?.read(pieces * piece.length);
  });

  it('I13: a byte now and then keeps a session that proxy_timeout would end', async () => {
    const stage = await setStage({ server: 'proxy_timeout 500ms;' });
    const client = await logIn(stage);
    await client.expect('a OK logged in');
    const [proxy] = stage.backend.connections;
    const started = performance.now();
    for (let said = 0; performance.now() - started < 1500; said += 1) {
      const [from, to] = said % 2 === 0 ? [client, proxy!] : [proxy!, client];
      await from.sendLine(String(said));
      await to.expect(String(said));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await client.readToEnd()).toBe('');
    expect(stage.log.join('\n')).toContain('client timed out (110: Connection timed out) while');
  });
});

describe('H12: a backend that is the proxy itself', () => {
  it('is not connected to, and the proxy works afterwards', async () => {
    const stage = await setStage({ answer: () => acceptLogin(stage.port) });
    expect(await hear(stage)).toBe(internalError);
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    expect(stage.log.join('\n')).toContain('upstream is the server that the client came to');
    expect(stage.log.filter((line) => line.includes(' connected to '))).toHaveLength(1);
    await expectWorkingProxy(stage);
  });
});
