import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  SessionZone,
  sessionStore,
  sharedZone,
} from '../../../../src/mail/modules/ssl/session-zone.js';
import { build, fixtures, identity } from './tls-servers.js';

const id = (number: number): Buffer => Buffer.from([number]);
const session = (length = 72): Buffer => Buffer.alloc(length, 1);
const at = { file: 'nginx.conf', line: 1 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a zone', () => {
  it('drops the oldest sessions when its bytes are used up', () => {
    const zone = new SessionZone({ bytes: 450 });
    for (const number of [1, 2, 3]) zone.put(id(number), session(), 1000);
    expect([1, 2, 3].map((number) => zone.get(id(number)) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('drops the oldest sessions when it has its number', () => {
    const zone = new SessionZone({ entries: 2 });
    for (const number of [1, 2, 3]) zone.put(id(number), session(), 1000);
    expect(zone.size).toBe(2);
    expect(zone.get(id(1))).toBeUndefined();
  });

  it('does not take a session that would fill it', () => {
    const zone = new SessionZone({ bytes: 450 });
    zone.put(id(1), session(), 1000);
    zone.put(id(2), session(1000), 1000);
    expect([zone.size, zone.get(id(1))?.length, zone.get(id(2))]).toEqual([1, 72, undefined]);
  });

  it('replaces a session of the same identifier', () => {
    const zone = new SessionZone({ bytes: 450 });
    for (let round = 0; round < 5; round += 1) zone.put(id(1), session(round), 1000);
    expect([zone.size, zone.get(id(1))?.length]).toEqual([1, 4]);
  });

  it('forgets a session when its time is over', () => {
    const store = sessionStore({ builtin: 5 }, 1000, {});
    void store?.put(id(1), session());
    vi.advanceTimersByTime(999);
    expect(store?.get(id(1))).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(store?.get(id(1))).toBeUndefined();
  });

  it.each(['off', 'none'] as const)('is not there for %s', (builtin) => {
    expect(sessionStore({ builtin }, 1000, {})).toBeUndefined();
  });
});

describe('a shared zone', () => {
  it('is kept by a reload that leaves its size alone', () => {
    const cache = { name: 'kept', sizeBytes: 40_000, at };
    const zone = sharedZone({}, cache);
    expect(sharedZone({}, cache)).toBe(zone);
    const other = sharedZone({}, { ...cache, sizeBytes: 50_000 });
    expect(other).not.toBe(zone);
    expect(other.limitBytes).toBe(50_000);
  });

  it('of two sizes in one configuration is refused at the second', async () => {
    const server = (port: number, size: string): string =>
      `server { listen 127.0.0.1:${String(port)} ssl; protocol toy; ${identity} ssl_session_cache shared:sizes:${size}; }`;
    await expect(build(`${server(1, '1m')}\n${server(2, '2m')}`)).rejects.toMatchObject({
      message:
        'the size 2097152 of shared memory zone "sizes" conflicts with already declared size 1048576',
      file: `${fixtures}nginx.conf`,
      line: 4,
    });
  });
});
