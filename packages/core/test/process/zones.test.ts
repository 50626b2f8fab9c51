import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sharedZone } from '../../src/mail/modules/ssl/session-zone.js';
import type { FindWish, KeepWish, Supply } from '../../src/process/channel.js';
import { RemoteZones } from '../../src/process/remote-zones.js';
import { SharedZones } from '../../src/process/shared-zones.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const id = Buffer.from('id');
const session = Buffer.from('session');
const lifeMs = 1000;

/** A master and two workers, with what is on its way between them. */
function ensemble(name: string) {
  const at = { file: 'nginx.conf', line: 1 };
  const generation = {};
  sharedZone(generation, { name, sizeBytes: 40_000, at });
  const asked: (KeepWish | FindWish)[] = [];
  const workers = [1, 2].map(
    () => new RemoteZones((wish) => Promise.resolve(void asked.push(wish))),
  );
  const [first, second] = workers as [RemoteZones, RemoteZones];
  const deliver = (supply: Supply, worker: RemoteZones): void => {
    if (supply.kind === 'zone') worker.use(supply);
    if (supply.kind === 'session') worker.answer(supply.question, supply.session);
  };
  const news: Supply[] = [];
  const master = new SharedZones(generation, (supply) => {
    news.push(supply);
    for (const worker of workers) deliver(supply, worker);
  });
  const handle = (worker: RemoteZones): void => {
    for (const wish of asked.splice(0)) {
      if (wish.kind === 'keep') master.keep(wish);
      else deliver(master.find(wish), worker);
    }
  };
  return { name, asked, news, master, first, second, handle };
}

describe('a zone of the master', () => {
  it('gives one worker what another has kept, who waits until all know that there is something', async () => {
    const { name, first, second, handle } = ensemble('given');
    const kept = first.put(name, id, session, lifeMs);
    let isKept = false;
    void kept?.then(() => (isKept = true));
    await vi.advanceTimersByTimeAsync(10);
    expect(isKept).toBe(false);
    handle(first);
    await kept;
    const found = second.get(name, id);
    handle(second);
    expect(await found).toEqual(session);
    expect(first.put(name, Buffer.from('other'), session, lifeMs)).toBeUndefined();
  });

  it('is not asked before it has a session, nor long after', async () => {
    const { name, asked, first, second, handle } = ensemble('unused');
    expect(second.get(name, id)).toBeUndefined();
    void first.put(name, id, session, lifeMs);
    handle(first);
    vi.advanceTimersByTime(2 * lifeMs);
    expect(second.get(name, id)).toBeUndefined();
    expect(asked).toEqual([]);
    await Promise.resolve();
  });

  it('is news once in the life of a session', () => {
    const { name, master, news } = ensemble('news');
    for (let at = 0; at < 10; at += 1)
      master.keep({ kind: 'keep', zone: name, id, session, lifeMs });
    expect(news).toEqual([{ kind: 'zone', zone: name, forMs: 2 * lifeMs }]);
    expect(master.inUse).toEqual([{ zone: name, forMs: 2 * lifeMs }]);
    vi.advanceTimersByTime(1500);
    master.keep({ kind: 'keep', zone: name, id, session, lifeMs });
    expect(news.length).toBe(2);
  });

  it('that its configuration does not have keeps and finds nothing', () => {
    const { master, news } = ensemble('known');
    master.keep({ kind: 'keep', zone: 'unknown', id, session, lifeMs });
    const found = master.find({ kind: 'find', question: 1, zone: 'unknown', id });
    expect(found).toEqual({ kind: 'session', question: 1, session: undefined });
    expect(news).toEqual([]);
  });
});

describe('a master that does not answer', () => {
  it('is a session that is not there, and is not asked again before it has answered', async () => {
    const { name, asked, first, second, handle } = ensemble('silent');
    void first.put(name, id, session, lifeMs);
    handle(first);
    const found = second.get(name, id);
    await vi.advanceTimersByTimeAsync(250);
    expect(await found).toBeUndefined();
    expect(second.get(name, id)).toBeUndefined();
    expect(asked.length).toBe(1);
    handle(second);
    const later = second.get(name, id);
    handle(second);
    expect(await later).toEqual(session);
  });

  it('is not waited for by who keeps a session', async () => {
    const { name, first } = ensemble('absent');
    const kept = first.put(name, id, session, lifeMs);
    await vi.advanceTimersByTimeAsync(250);
    await expect(kept).resolves.toBeUndefined();
  });

  it('is asked by a bounded number of handshakes', () => {
    const { name, asked, first } = ensemble('crowd');
    first.use({ zone: name, forMs: lifeMs });
    for (let at = 0; at < 3000; at += 1) void first.get(name, id);
    expect(asked.length).toBe(1024);
  });
});

it('sessions that cannot leave for the master are not kept without bound', () => {
  let sent = 0;
  const zones = new RemoteZones(() => {
    sent += 1;
    return new Promise(() => undefined);
  });
  for (let at = 0; at < 3000; at += 1) void zones.put('zone', id, session, lifeMs);
  expect(sent).toBe(256);
});
