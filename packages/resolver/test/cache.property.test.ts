import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Cache } from '../src/cache.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

const step = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  ttl: fc.constantFrom(0, 1, 2, 3600, 4000),
  passMs: fc.constantFrom(0, 999, 1000, 3_599_999),
});

it('J11: what the cache gives was set last and is not older than its time', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.constantFrom(0, 2), (steps, valid) => {
      const cache = new Cache<number>(valid);
      const model = new Map<string, { value: number; until: number }>();
      let now = 0;
      steps.forEach(({ key, ttl, passMs }, value) => {
        cache.set(key, value, ttl);
        const seconds = valid > 0 ? valid : Math.min(ttl, 3600);
        model.set(key, { value, until: now + seconds * 1000 });
        vi.advanceTimersByTime(passMs);
        now += passMs;
        for (const [known, { value: kept, until }] of model) {
          expect(cache.get(known)).toBe(now < until ? kept : undefined);
        }
      });
    }),
    { numRuns: 20_000 },
  );
});
