import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ErrorLog } from '../../src/log/error-log.js';
import { logLevels } from '../../src/log/levels.js';
import { RecordingTarget } from './recording-target.js';
import { prepareJson } from '../../src/log/log-format.js';

await prepareJson();

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(new Date(2026, 10, 22, 14, 44, 57, 250));
});

afterEach(() => {
  vi.useRealTimers();
});

describe('ErrorLog', () => {
  it('writes the line of a session as nginx does', () => {
    const target = new RecordingTarget();
    const log = new ErrorLog([{ level: 'info', target }], 25641);
    log.log('info', 'client logged in', { connection: 16, context: ', client: 192.0.2.1' });
    expect(target.lines).toEqual([
      '2026/11/22 14:44:57 [info] 25641#0: *16 client logged in, client: 192.0.2.1\n',
    ]);
  });

  it.each(logLevels.map((level, rank) => ({ level, rank })))(
    'a log at $level takes that level and all that are more severe',
    ({ level, rank }) => {
      const target = new RecordingTarget();
      const log = new ErrorLog([{ level, target }]);
      for (const one of logLevels) log.log(one, 'x');
      expect(target.levels).toEqual(logLevels.slice(0, rank + 1));
      expect(logLevels.filter((one) => log.enabled(one))).toEqual(target.levels);
    },
  );

  it('writes to each target at the level of that target', () => {
    const quiet = new RecordingTarget();
    const loud = new RecordingTarget();
    const log = new ErrorLog([
      { level: 'error', target: quiet },
      { level: 'info', target: loud },
    ]);
    log.log('info', 'a');
    log.log('error', 'b');
    expect(quiet.levels).toEqual(['error']);
    expect(loud.levels).toEqual(['info', 'error']);
    expect(log.enabled('info')).toBe(true);
    expect(log.enabled('debug')).toBe(false);
  });

  it('writes one line in each form that is asked for, each at its own level', () => {
    const text = new RecordingTarget();
    const json = new RecordingTarget();
    const log = new ErrorLog(
      [
        { level: 'error', target: text },
        { level: 'info', target: json, format: 'json' },
      ],
      7,
    );
    log.log('info', 'a', { connection: 1, context: ' while x' });
    log.log('error', 'b');
    expect(text.lines).toEqual(['2026/11/22 14:44:57 [error] 7#0: b\n']);
    expect(json.lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'info', pid: 7, connection: 1, message: 'a', action: 'x' },
      { level: 'error', pid: 7, message: 'b' },
    ]);
    expect(Date.parse((JSON.parse(json.lines[0] ?? '') as { time: string }).time)).toBe(Date.now());
    expect(log.enabled('info')).toBe(true);
    expect(log.enabled('debug')).toBe(false);
  });

  it('has no line to write without targets', () => {
    const log = new ErrorLog([]);
    expect(log.enabled('emerg')).toBe(false);
    log.log('emerg', 'nobody reads this');
  });

  it('M9: follows the clock of the system, also backwards', () => {
    const target = new RecordingTarget();
    const log = new ErrorLog([{ level: 'info', target }], 1);
    log.log('info', 'a');
    vi.setSystemTime(new Date(2026, 10, 22, 14, 44, 58));
    log.log('info', 'b');
    vi.setSystemTime(new Date(2016, 0, 1, 0, 0, 0));
    log.log('info', 'c');
    expect(target.lines).toEqual([
      '2026/11/22 14:44:57 [info] 1#0: a\n',
      '2026/11/22 14:44:58 [info] 1#0: b\n',
      '2016/01/01 00:00:00 [info] 1#0: c\n',
    ]);
  });
});
