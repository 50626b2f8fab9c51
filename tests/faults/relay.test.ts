/** After the login: what each side gets where the other is slow, stands still, or says any byte there is. */
import { afterEach, describe, expect, it } from 'vitest';
import { logIn } from './backend-replies.js';
import { everyLanguage, playBackend, type Language } from './languages.js';
import { closeStages, letIn, setStage } from './stage.js';

afterEach(closeStages);

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
});

describe.each(everyLanguage)('$name after the login', (language) => {
  const { name: protocol, accepted } = language;

  it('I15: every byte passes both ways as it is', async () => {
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const odd = Buffer.concat([Buffer.from('\n\r\0\r\r\n'), everyByte, Buffer.from('\n')]);
    const stage = await setStage({
      protocol,
      backend: async (proxy) => {
        await playBackend(proxy, language);
        await proxy.send(await proxy.read(odd.length));
      },
    });
    const client = await logIn(stage);
    await client.readUntil(accepted);
    await client.send(odd);
    expect(await client.read(odd.length)).toEqual(odd);
  });
});

/** Says a byte now and then for three times as long as the session would live without. */
async function drip(language: Language): Promise<void> {
  const { name: protocol, accepted } = language;
  const stage = await setStage({ protocol, server: 'proxy_timeout 500ms;' });
  const client = await logIn(stage);
  await client.readUntil(accepted);
  const [proxy = expect.fail('no backend')] = stage.backend.connections;
  const started = performance.now();
  for (let said = 0; performance.now() - started < 1500; said += 1) {
    const [from, to] = said % 2 === 0 ? [client, proxy] : [proxy, client];
    await from.sendLine(String(said));
    await to.expect(String(said));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(await client.readToEnd()).toBe('');
  expect(stage.log.join('\n')).toContain('client timed out (110: Connection timed out) while');
}

it('I13: a byte now and then keeps a session that proxy_timeout would end', async () => {
  await Promise.all(everyLanguage.map(drip));
});
