/** Peers that go, stall or take their time, in each protocol: what a session costs when it does not end as it should. */
import { acceptLogin, refuseLogin, type Conversation, type ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { logIn } from './backend-replies.js';
import { everyLanguage, playBackend, type Language } from './languages.js';
import { closeStages, expectWorkingProxy, noSession, setStage, sockets } from './stage.js';

afterEach(closeStages);

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
];

/** Every step of a backend's login: before each of its lines, and in the middle of it. */
function steps(language: Language): { name: string; before: Conversation }[] {
  return language.says.flatMap((text, at) => {
    const before: Conversation = async (proxy) => {
      await playBackend(proxy, language, at);
      if (at > 0) await proxy.line();
    };
    return [
      { name: `before "${text}"`, before },
      {
        name: `in the middle of "${text}"`,
        before: async (proxy) => {
          await before(proxy);
          await proxy.send(text.slice(0, -2));
        },
      },
    ];
  });
}

/** Timers of this process. */
const timers = (): number =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe.each(everyLanguage)('I10: a backend that goes, $name', (language) => {
  const { name: protocol, prelude, internalError, accepted, login } = language;
  const cases = steps(language).flatMap((step) => ways.map((way) => ({ ...step, ...way })));

  it.each(cases)('$name, $way, costs one session and nothing else', async ({ before, go }) => {
    const stage = await setStage({
      protocol,
      backend: async (proxy) => {
        await before(proxy);
        go(proxy);
      },
    });
    expect(await (await logIn(stage)).readToEnd()).toBe(prelude + internalError);
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    expect(stage.backend.failures).toEqual([]);
    const [proxy] = stage.backend.connections;
    await proxy?.ended;
    await expectWorkingProxy(stage);
  });

  it('by saying nothing more at any step, costs one session until timeout', async () => {
    const silences = steps(language).map(async ({ before }) => {
      const stage = await setStage({ protocol, server: 'timeout 600ms;', backend: before });
      expect(await (await logIn(stage)).readToEnd()).toBe(prelude + internalError);
      expect(stage.log.join('\n')).toContain('upstream timed out (110: Connection timed out)');
      await expect.poll(() => stage.server.sessions).toEqual(noSession);
      await stage.backend.connections[0]?.ended;
      expect(stage.backend.failures).toEqual([]);
      await expectWorkingProxy(stage);
    });
    await Promise.all(silences);
  });

  it('I1: slowly: a byte now and then does not put the deadline of the login off', async () => {
    const stage = await setStage({
      protocol,
      server: 'timeout 500ms;',
      backend: async (proxy) => {
        const dripping = setInterval(() => void proxy.send('x'), 30);
        await proxy.ended;
        clearInterval(dripping);
      },
    });
    const started = performance.now();
    expect(await (await logIn(stage)).readToEnd()).toBe(prelude + internalError);
    expect(performance.now() - started).toBeLessThan(2500);
    expect(stage.log.join('\n')).toContain('upstream timed out (110: Connection timed out)');
  });

  it.each(ways)('after the login, $way: what it said comes first', async ({ go }) => {
    const news = Buffer.alloc(300_000, 'news\r\n');
    const stage = await setStage({
      protocol,
      backend: async (proxy) => {
        await playBackend(proxy, language);
        await proxy.expect('b NOOP');
        await proxy.send(news);
        await proxy.expect('c NOOP');
        go(proxy);
      },
    });
    const client = await logIn(stage);
    await client.readUntil(accepted);
    await client.sendLine('b NOOP');
    expect((await client.read(news.length)).equals(news)).toBe(true);
    await client.sendLine('c NOOP');
    expect(await client.readToEnd()).toBe('');
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
  });

  it('I11: that nobody listens for is an internal error, and others are not touched', async () => {
    const stage = await setStage({
      protocol,
      answer: ({ user }) => acceptLogin(user === 'alice' ? 1 : stage.backend.port),
    });
    expect(await (await logIn(stage)).readToEnd()).toBe(prelude + internalError);
    const client = await stage.client();
    await client.send(login('bob', 'secret'));
    await client.readUntil(accepted);
    expect(stage.log.join('\n')).toContain('(111: Connection refused)');
  });

  it('I14: an OK and the end right behind it are given to the client, and logged', async () => {
    const stage = await setStage({
      protocol,
      backend: async (proxy) => {
        await playBackend(proxy, language);
        proxy.finish();
      },
    });
    expect(await (await logIn(stage)).readToEnd()).toBe(prelude + accepted);
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    const log = stage.log.join('\n');
    expect(log).toContain('client logged in, client: 127.0.0.1');
    expect(log).toContain('proxied session done, client: 127.0.0.1');
  });

  it.each([
    { name: 'where the client came to', more: '', server: '127.0.0.1', at: 0 },
    { name: 'where another server is', more: 'listen 127.0.0.2;', server: '127.0.0.2', at: 1 },
    { name: 'by any address behind a wildcard', more: 'listen *;', server: '127.0.0.3', at: 0 },
  ])('H12: that is the proxy itself, $name, is not connected to', async (itself) => {
    const more = itself.more === '' ? '' : `} server { ${itself.more} protocol ${protocol};`;
    const stage = await setStage({
      protocol,
      server: more,
      answer: () => {
        const port = Number(stage.server.addresses[itself.at]?.split(':')[1]);
        return acceptLogin(port, { server: itself.server });
      },
    });
    expect(await (await logIn(stage)).readToEnd()).toBe(prelude + internalError);
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    expect(stage.log.join('\n')).toContain('upstream is an address that this proxy listens on');
    expect(stage.log.filter((line) => line.includes(' connected to '))).toHaveLength(1);
    await expectWorkingProxy(stage);
  });
});

describe.each(everyLanguage)('I10: a server that closes, $name', ({ name: protocol, accepted }) => {
  it('lets go of a client that keeps its end open', async () => {
    const stage = await setStage({ protocol });
    const client = await logIn(stage);
    await client.readUntil(accepted);
    await stage.server.close();
    expect(await client.readToEnd()).toBe('');
    await stage.backend.close();
    await stage.auth.close();
    // The client's own.
    await expect.poll(sockets, { timeout: 5000 }).toEqual(['TCPSocketWrap']);
  });
});

describe.each(everyLanguage)('I10, H14: a client that goes, $name', (language) => {
  const { name: protocol, login, sasl } = language;

  it.each([
    { name: 'before it is greeted', say: undefined, hears: '' },
    { name: 'in the middle of a command', say: 'a LOG', hears: '' },
    { name: 'in the middle of an exchange', say: sasl('LOGIN'), hears: '' },
    { name: 'while the auth service thinks', say: login('slow', 'x'), hears: 'auth' },
    { name: 'while it waits for a refusal', say: login('wait', 'x'), hears: 'auth' },
    { name: 'while the backend thinks', say: login('stuck', 'x'), hears: 'backend' },
    { name: 'with commands sent ahead', say: login('slow', 'x') + login('y', 'z'), hears: 'auth' },
  ])('$name leaves nothing behind', async ({ say, hears }) => {
    const stage = await setStage({
      protocol,
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

  it('while it waits for a refusal leaves no timer behind', async () => {
    const stage = await setStage({ protocol, answer: () => refuseLogin('no', 3600) });
    const before = timers();
    const clients = await Promise.all(Array.from({ length: 50 }, () => logIn(stage)));
    await expect.poll(timers).toBeGreaterThanOrEqual(before + 50);
    for (const client of clients) client.reset();
    await expect.poll(timers).toBeLessThan(before + 25);
  });

  it('H14: is not logged in by an answer that comes later', async () => {
    const answers: (() => void)[] = [];
    const stage = await setStage({
      protocol,
      answer: () =>
        new Promise((resolve) => {
          answers.push(() => {
            resolve(acceptLogin(stage.backend.port));
          });
        }),
    });
    const clients = await Promise.all(Array.from({ length: 10 }, () => logIn(stage)));
    await expect.poll(() => answers.length).toBe(10);
    for (const client of clients) client.reset();
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    for (const answer of answers) answer();
    const other = logIn(stage);
    await expect.poll(() => answers.length).toBe(11);
    answers[10]?.();
    await (await other).readUntil(language.accepted);
    expect(stage.backend.connections).toHaveLength(1);
    expect(stage.log.filter((line) => line.includes('client logged in'))).toHaveLength(1);
  });
});
