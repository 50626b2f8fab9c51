import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Expiring, Sweep, sweepTickMs } from '../../src/net/sweep.js';

let sweep = new Sweep();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  sweep = new Sweep();
});

afterEach(() => {
  sweep.stop();
  vi.useRealTimers();
});

/** An entry that notes when it expired and is taken out. */
function entry(): Expiring & { readonly ends: number[] } {
  const ends: number[] = [];
  const made = {
    ends,
    expiresAt: 0,
    expired: () => {
      ends.push(performance.now());
      sweep.delete(made);
    },
  };
  return made;
}

describe('a deadline', () => {
  it('is met at its time or less than one look later, never before', () => {
    const start = performance.now();
    const entries = Array.from({ length: 250 }, (_, ms) => {
      const one = entry();
      sweep.add(one, ms);
      return one;
    });
    for (let ms = 0; ms < 400; ms += 1) vi.advanceTimersByTime(1);
    entries.forEach(({ ends }, ms) => {
      expect(ends).toHaveLength(1);
      const late = (ends[0] ?? 0) - start - ms;
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThanOrEqual(sweepTickMs);
    });
  });

  it('that is moved back or taken out is not met', () => {
    const [moved, gone] = [entry(), entry()];
    sweep.add(moved, 150);
    sweep.add(gone, 150);
    moved.expiresAt += 500;
    sweep.delete(gone);
    vi.advanceTimersByTime(500);
    expect([moved.ends, gone.ends]).toEqual([[], []]);
    vi.advanceTimersByTime(300);
    expect(moved.ends).toHaveLength(1);
  });

  it('costs no timer when nothing waits', () => {
    sweep.add(entry(), 10);
    vi.advanceTimersByTime(2 * sweepTickMs);
    expect(vi.getTimerCount()).toBe(0);
  });
});
