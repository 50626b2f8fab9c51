import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { watchSignals } from '../../src/cli/signals.js';
import { ErrorLog } from '../../src/log/error-log.js';
import { RecordingTarget } from '../log/recording-target.js';

function watch() {
  const source = new EventEmitter();
  const target = new RecordingTarget();
  const calls: string[] = [];
  const unwatch = watchSignals(source, new ErrorLog([{ level: 'notice', target }]), {
    end: () => calls.push('end'),
    reopen: () => calls.push('reopen'),
  });
  return { source, target, calls, unwatch };
}

const cases = [
  { name: 'SIGTERM', text: 'signal 15 (SIGTERM) received, exiting', calls: ['end'] },
  { name: 'SIGINT', text: 'signal 2 (SIGINT) received, exiting', calls: ['end'] },
  { name: 'SIGQUIT', text: 'signal 3 (SIGQUIT) received, shutting down', calls: ['end'] },
  { name: 'SIGUSR1', text: 'signal 10 (SIGUSR1) received, reopening logs', calls: ['reopen'] },
  {
    name: 'SIGHUP',
    text: 'signal 1 (SIGHUP) received, ignoring: reload comes with the master process',
    calls: [],
  },
  {
    name: 'SIGUSR2',
    text: 'signal 12 (SIGUSR2) received, ignoring: upgrade comes with the master process',
    calls: [],
  },
  { name: 'SIGWINCH', text: 'signal 28 (SIGWINCH) received, ignoring', calls: [] },
];

describe('signals', () => {
  it.each(cases)('$name is logged and answered', ({ name, text, calls }) => {
    const watched = watch();
    watched.source.emit(name);
    expect(watched.target.lines.join('')).toContain(`#0: ${text}\n`);
    expect(watched.calls).toEqual(calls);
  });

  it('a second TERM is left to the system', () => {
    const { source } = watch();
    source.emit('SIGTERM');
    expect(source.listenerCount('SIGTERM')).toBe(0);
    expect(source.listenerCount('SIGUSR1')).toBe(1);
  });

  it('nothing listens afterwards', () => {
    const { source, unwatch } = watch();
    unwatch();
    expect(source.eventNames()).toEqual([]);
  });
});
