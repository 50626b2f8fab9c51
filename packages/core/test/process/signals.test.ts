import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ErrorLog } from '../../src/log/error-log.js';
import { ServiceManager } from '../../src/process/readiness.js';
import { Single } from '../../src/process/single.js';
import { changingReactions, watchSignals } from '../../src/process/signals.js';
import { RecordingTarget } from '../log/recording-target.js';

function watch(reactions: Parameters<typeof watchSignals>[2]) {
  const source = new EventEmitter();
  const target = new RecordingTarget();
  const log = new ErrorLog([{ level: 'notice', target }]);
  return { source, target, unwatch: watchSignals(source, log, reactions) };
}

describe('signals', () => {
  it('are logged with what is done about them, before it is done', () => {
    const said: string[] = [];
    const { source, target } = watch({
      SIGHUP: () => ({
        said: 'reconfiguring',
        act: () => said.push(...target.lines),
      }),
    });
    source.emit('SIGHUP');
    expect(said.join('')).toMatch(/#0: signal 1 \(SIGHUP\) received, reconfiguring\n$/);
  });

  it('that mean nothing are logged without more', () => {
    const { source, target } = watch({ SIGWINCH: () => ({}) });
    source.emit('SIGWINCH');
    expect(target.lines.join('')).toMatch(/#0: signal 28 \(SIGWINCH\) received\n$/);
  });

  it('that come a second time are left to the system where the first one ends the process', () => {
    const { source } = watch({ SIGTERM: () => ({ once: true }), SIGUSR1: () => ({}) });
    source.emit('SIGTERM');
    source.emit('SIGUSR1');
    expect(source.listenerCount('SIGTERM')).toBe(0);
    expect(source.listenerCount('SIGUSR1')).toBe(1);
  });

  it('do what is wanted at the moment, with the listeners that there were from the start', () => {
    const done: string[] = [];
    const named = (name: string) => () => ({ act: () => done.push(name) });
    const { reactions, change } = changingReactions({
      SIGTERM: named('first'),
      SIGHUP: named('first'),
    });
    const { source } = watch(reactions);
    const listeners = source.listeners('SIGTERM');
    source.emit('SIGTERM');
    change({ SIGTERM: named('second') });
    source.emit('SIGTERM');
    source.emit('SIGHUP');
    expect(done).toEqual(['first', 'second']);
    expect(source.listeners('SIGTERM')).toEqual(listeners);
  });

  it('are left alone afterwards', () => {
    const { source, unwatch } = watch({ SIGTERM: () => ({}), SIGHUP: () => ({}) });
    unwatch();
    expect(source.eventNames()).toEqual([]);
  });
});

const alone = [
  { name: 'SIGTERM', said: 'exiting' },
  { name: 'SIGINT', said: 'exiting' },
  { name: 'SIGQUIT', said: 'shutting down' },
  { name: 'SIGUSR1', said: 'reopening logs' },
  { name: 'SIGHUP', said: 'ignoring: there is no master process to reload' },
  { name: 'SIGUSR2', said: 'ignoring: there is no master process to upgrade' },
  { name: 'SIGWINCH', said: 'ignoring' },
] as const;

it.each(alone)('one process answers $name with "$said"', ({ name, said }) => {
  const log = new ErrorLog([]);
  const single = new Single({
    log: Object.assign(log, { use: () => Promise.resolve(), started: () => undefined }),
    manager: new ServiceManager({}),
    announce: () => undefined,
    reopened: () => undefined,
  });
  expect(single.reactions[name]?.().said).toBe(said);
});
