/** Many clients at once, and clients that take their time. */
import type { ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { everyLanguage } from './languages.js';
import { closeStages, expectWorkingProxy, noSession, setStage, type Stage } from './stage.js';

afterEach(closeStages);

const kib = 1024;

/** Bytes that this process holds outside its socket buffers, after a collection where that can be asked for. */
function held(): number {
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

/** `count` clients that were greeted. */
async function crowd(stage: Stage, count: number): Promise<readonly ScriptedPeer[]> {
  const clients: ScriptedPeer[] = [];
  while (clients.length < count) {
    const group = Array.from({ length: 50 }, () => stage.client());
    clients.push(...(await Promise.all(group)));
  }
  return clients;
}

describe('clients that never come to an end', () => {
  it('E7: what has no end is held by the buffer and let go at timeout, in each protocol', async () => {
    const events = 'worker_connections 2048;';
    const crowds = await Promise.all(
      everyLanguage.map(async ({ name: protocol, noop }) => {
        const stage = await setStage({ protocol, server: 'timeout 2s;', events });
        return { stage, clients: await crowd(stage, 200), endless: noop.trimEnd() };
      }),
    );
    const before = held();
    for (const { stage, clients, endless } of crowds) {
      await Promise.all(clients.map((client) => client.send(`${endless} ${'('.repeat(4000)}`)));
      await expectWorkingProxy(stage);
    }
    // The clients are in this process too, and hold what they were told.
    expect(held() - before).toBeLessThan(crowds.length * 200 * 40 * kib);
    for (const { stage, clients } of crowds) {
      await Promise.all(clients.map((client) => client.ended));
      await expect.poll(() => stage.server.sessions).toEqual(noSession);
      for (const { received } of clients) {
        expect(received.trimEnd()).toMatch(stage.language.greeting);
        expect(received.split('\r\n')).toHaveLength(2);
      }
    }
  });

  const pieces = [
    { name: 'at once', size: 64 * kib },
    { name: 'in small pieces', size: 1000 },
  ];
  const starts = [
    { protocol: 'imap', start: 'a LOGIN ', verb: 'LOGIN' },
    { protocol: 'pop3', start: 'USER ', verb: 'USER' },
    { protocol: 'smtp', start: 'AUTH PLAIN ', verb: 'AUTH' },
  ] as const;

  it.each(starts.flatMap((start) => pieces.map((piece) => ({ ...start, ...piece }))))(
    'E8: $protocol: a line without end, sent $name, is one error and the end, whatever still comes',
    async ({ protocol, start, verb, size }) => {
      const stage = await setStage({ protocol });
      const client = await stage.client();
      const piece = Buffer.alloc(size, 'u');
      let sent = 0;
      await client.send(start);
      const pouring = (async () => {
        while (client.inbox.end === undefined && sent < 100 * kib * kib) {
          await client.send(piece);
          sent += size;
        }
      })();
      expect(await client.readToEnd()).toBe(stage.language.invalid);
      expect(client.inbox.end).toBe('fin');
      await pouring;
      await expect.poll(() => stage.server.sessions).toEqual(noSession);
      const log = stage.log.join('\n');
      expect(log).toContain(`client sent too long command "${verb}" of 4096 bytes`);
      expect(log).not.toContain('uuu');
      await expectWorkingProxy(stage);
    },
  );

  it('L1: a byte now and then does not put the deadline off', async () => {
    const stage = await setStage({ server: 'timeout 600ms;' });
    const clients = await crowd(stage, 50);
    const dripping = setInterval(() => {
      for (const client of clients) if (client.inbox.end === undefined) void client.send('a');
    }, 30);
    await expectWorkingProxy(stage);
    await Promise.all(clients.map((client) => client.ended)).finally(() => {
      clearInterval(dripping);
    });
    const ends = stage.log.filter((line) => line.includes('client timed out (110: '));
    expect(ends).toHaveLength(clients.length);
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
  });

  it('L2: clients that say nothing cost little and are gone after timeout', async () => {
    const stage = await setStage({ server: 'timeout 2s;', events: 'worker_connections 2048;' });
    await crowd(stage, 50);
    const before = held();
    const clients = await crowd(stage, 500);
    // Both ends are in this process.
    expect((held() - before) / clients.length).toBeLessThan(40 * kib);
    await Promise.all(clients.map((client) => client.ended));
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
  });
});

describe('L3: clients that connect and reset', () => {
  it('cost nothing that stays, and no line of level error', async () => {
    const stage = await setStage({ events: 'worker_connections 256;', logLevel: 'info' });
    const phases: ((client: ScriptedPeer) => Promise<unknown>)[] = [
      () => Promise.resolve(),
      (client) => client.line(),
      (client) => client.send('a NO'),
      (client) => client.send('a NOOP\r\n'.repeat(100)),
      (client) => client.send('a AUTHENTICATE LOGIN\r\n'),
      (client) => client.send('a LOGIN alice secret\r\n'),
      (client) => client.send('a LOGIN alice secret\r\nb NOOP\r\n').then(() => client.line()),
      (client) => client.send('a LOGIN u p\r\n').then(() => client.readUntil('logged in\r\n')),
    ];
    for (let round = 0; round < 40; round += 1) {
      await Promise.all(
        phases.map(async (phase) => {
          const client = await stage.connect();
          await phase(client);
          client.reset();
          await client.ended;
        }),
      );
    }
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    expect(stage.log.filter((line) => /\[(warn|error|crit|alert|emerg)\]/.test(line))).toEqual([]);
    // All slots are free again but those of the listener and of kept connections to the auth service.
    const clients = await crowd(stage, 200);
    expect(clients).toHaveLength(200);
  });
});
