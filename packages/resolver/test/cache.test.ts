import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Cache } from '../src/cache.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

it.each([
  { name: 'an answer holds as long as its record says', valid: 0, ttl: 60, heldMs: 60_000 },
  { name: 'J11: at most an hour', valid: 0, ttl: 2 ** 31 - 1, heldMs: 3_600_000 },
  { name: 'valid= counts for short times', valid: 30, ttl: 0, heldMs: 30_000 },
  { name: 'valid= counts for long times', valid: 30, ttl: 9999, heldMs: 30_000 },
  { name: 'J11: valid= may be longer than an hour', valid: 7200, ttl: 1, heldMs: 7_200_000 },
])('$name', ({ valid, ttl, heldMs }) => {
  const cache = new Cache<string>(valid);
  cache.set('k', 'v', ttl);
  vi.advanceTimersByTime(heldMs - 1);
  expect(cache.get('k')).toBe('v');
  vi.advanceTimersByTime(1);
  expect(cache.get('k')).toBeUndefined();
  expect(cache.size).toBe(0);
});

it('J11: keeps nothing with a time to live of 0, and forgets what it had', () => {
  const cache = new Cache<string>(0);
  cache.set('k', 'old', 60);
  cache.set('k', 'new', 0);
  expect(cache.size).toBe(0);
});

it('J11: has 10,000 entries; the oldest makes room', () => {
  const cache = new Cache<number>(0);
  for (let key = 0; key < 10_000; key += 1) cache.set(String(key), key, 60);
  cache.set('0', 0, 60);
  cache.set('new', 1, 60);
  expect(cache.size).toBe(10_000);
  expect([cache.get('0'), cache.get('1'), cache.get('2')]).toEqual([0, undefined, 2]);
});

it('forgets everything', () => {
  const cache = new Cache<number>(0);
  cache.set('k', 1, 60);
  cache.clear();
  expect(cache.get('k')).toBeUndefined();
});
