import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ErrorLog } from '../../src/log/error-log.js';
import { beatMs } from '../../src/process/heartbeat.js';
import { Watchdog } from '../../src/process/watchdog.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const worker = () => ({ pid: 7, kill: vi.fn() });

function watched(stallMs: number) {
  const lines: string[] = [];
  const log = new ErrorLog([]);
  vi.spyOn(log, 'log').mockImplementation((level, message) => {
    lines.push(`[${level}] ${message}`);
  });
  return { watchdog: new Watchdog(stallMs, log), lines };
}

describe('a watchdog', () => {
  it('tells of a silent worker, and kills it once when its time is over', () => {
    const { watchdog, lines } = watched(10_000);
    const silent = worker();
    watchdog.heard(silent);
    vi.advanceTimersByTime(5_999);
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(lines).toEqual(['[alert] worker process 7 does not respond']);
    vi.advanceTimersByTime(5_999);
    expect(silent.kill).not.toHaveBeenCalled();
    vi.advanceTimersByTime(60_000);
    expect(silent.kill).toHaveBeenCalledOnce();
    expect(lines.slice(1)).toEqual([
      '[alert] worker process 7 has not responded for 10s, killing it',
    ]);
  });

  it('lets those live that beat, however late it looks itself', () => {
    const { watchdog, lines } = watched(10_000);
    const live = worker();
    for (let at = 0; at < 100; at += 1) {
      watchdog.heard(live);
      vi.advanceTimersByTime(beatMs(10_000));
    }
    expect(lines).toEqual([]);
    expect(live.kill).not.toHaveBeenCalled();
  });

  it('says when a worker is back', () => {
    const { watchdog, lines } = watched(10_000);
    const slow = worker();
    watchdog.heard(slow);
    vi.advanceTimersByTime(7_000);
    watchdog.heard(slow);
    vi.advanceTimersByTime(4_000);
    expect(lines).toEqual([
      '[alert] worker process 7 does not respond',
      '[notice] worker process 7 responds again',
    ]);
  });

  it('waits for nobody who is gone, and for ever where the time is 0', () => {
    const { watchdog } = watched(10_000);
    const gone = worker();
    watchdog.heard(gone);
    watchdog.forget(gone);
    watched(0).watchdog.heard(gone);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('a beat comes at most every two seconds, and five times in a shorter time', () => {
  expect([100, 3000, 10_000, 3_600_000].map(beatMs)).toEqual([20, 600, 2000, 2000]);
});
