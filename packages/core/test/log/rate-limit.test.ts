import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RateLimit } from '../../src/log/rate-limit.js';
import { RecordingTarget } from './recording-target.js';
import { prepareJson } from '../../src/log/log-format.js';

await prepareJson();

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const flood = (limit: RateLimit, lines: number) => {
  for (let index = 0; index < lines; index += 1) limit.write(`${String(index)}\n`, 'info');
};

describe('L10: a rate limit', () => {
  it('passes on the first lines of a second and says how many it left out', () => {
    const target = new RecordingTarget();
    flood(new RateLimit(target, 3, 'text'), 10);
    expect(target.lines).toEqual(['0\n', '1\n', '2\n']);
    vi.advanceTimersByTime(1000);
    expect(target.lines).toHaveLength(4);
    expect(target.lines[3]).toMatch(
      /\[info\] \d+#0: 7 more lines of level "info" were left out, rate=3\n$/,
    );
    expect(target.levels).toEqual(['info', 'info', 'info', 'info']);
  });

  it('says nothing when nothing was left out, and rests when nothing is written', () => {
    const target = new RecordingTarget();
    flood(new RateLimit(target, 3, 'text'), 3);
    vi.advanceTimersByTime(5000);
    expect(target.lines).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('begins anew with every second', () => {
    const target = new RecordingTarget();
    const limit = new RateLimit(target, 2, 'text');
    flood(limit, 2);
    vi.advanceTimersByTime(1000);
    flood(limit, 2);
    expect(target.lines).toEqual(['0\n', '1\n', '0\n', '1\n']);
  });

  it('lets an error through a flood of information', () => {
    const target = new RecordingTarget();
    const limit = new RateLimit(target, 1, 'text');
    flood(limit, 1000);
    limit.write('the disk is on fire\n', 'crit');
    expect(target.lines).toEqual(['0\n', 'the disk is on fire\n']);
  });

  it('says at the end what is still unsaid, in the form of the log', () => {
    const target = new RecordingTarget();
    const limit = new RateLimit(target, 1, 'json');
    flood(limit, 2);
    limit.settle();
    expect(JSON.parse(target.lines[1] ?? '')).toMatchObject({
      level: 'info',
      message: '1 more lines of level "info" were left out, rate=1',
    });
    expect(vi.getTimerCount()).toBe(0);
  });
});
