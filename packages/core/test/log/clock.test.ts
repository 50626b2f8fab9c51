import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { currentIsoTime, currentLogTime } from '../../src/log/clock.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the clock of the log', () => {
  it.each([
    { name: 'at noon', ms: Date.UTC(2026, 10, 22, 12, 0, 0, 7) },
    { name: 'in the last millisecond of a second', ms: Date.UTC(2026, 5, 1, 0, 0, 59, 999) },
    { name: 'in the first millisecond of a year', ms: Date.UTC(2027, 0, 1, 0, 0, 0, 0) },
  ])('$name: both forms mean the same moment', ({ ms }) => {
    vi.setSystemTime(ms);
    const iso = currentIsoTime();
    expect(Date.parse(iso)).toBe(ms);
    expect(iso).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
    expect(currentLogTime()).toBe(iso.slice(0, 19).replaceAll('-', '/').replace('T', ' '));
  });

  it('has the milliseconds of every line', () => {
    vi.setSystemTime(Date.UTC(2026, 0, 1, 0, 0, 0, 1));
    const first = currentIsoTime();
    vi.setSystemTime(Date.UTC(2026, 0, 1, 0, 0, 0, 250));
    expect(first.slice(20, 23)).toBe('001');
    expect(currentIsoTime().slice(20, 23)).toBe('250');
  });

  it('M9: follows the system backwards', () => {
    vi.setSystemTime(Date.UTC(2026, 6, 1, 12));
    currentIsoTime();
    vi.setSystemTime(Date.UTC(2016, 6, 1, 12));
    expect(currentIsoTime().slice(0, 4)).toBe('2016');
    expect(currentLogTime().slice(0, 4)).toBe('2016');
  });
});
