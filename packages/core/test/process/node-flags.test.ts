import { setFlagsFromString } from 'node:v8';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { growSlowly, hasGivenSockets, wordsWithFlags } from '../../src/process/node-flags.js';

vi.mock('node:v8', { spy: true });

afterEach(() => {
  vi.restoreAllMocks();
});

const all = ['--min-semi-space-size=4', '--max-semi-space-size=4', '--single-threaded-gc'];

describe('the flags of Node', () => {
  it('are added before the script where they are missing', () => {
    expect(wordsWithFlags(['--trace-gc'], ['/node', '/postern.mjs', '-t'])).toEqual([
      '/node',
      '--trace-gc',
      ...all,
      '/postern.mjs',
      '-t',
    ]);
  });

  it('are not added twice, so that a restart happens once', () => {
    const [, ...words] = wordsWithFlags([], ['/node', '/postern.mjs']) ?? [];
    expect(wordsWithFlags(words.slice(0, all.length), ['/node', '/postern.mjs'])).toBeUndefined();
  });

  it('of the operator stay as they are', () => {
    expect(wordsWithFlags(['--max-semi-space-size=64'], ['/node', '/p'])).toEqual([
      '/node',
      '--max-semi-space-size=64',
      '--min-semi-space-size=4',
      '--single-threaded-gc',
      '/p',
    ]);
  });

  it.each([
    { given: [], set: [['--heap-growing-percent=20']] },
    { given: ['--heap-growing-percent=90'], set: [] },
  ])('let the heap grow slowly, unless the operator gave $given', ({ given, set }) => {
    vi.mocked(setFlagsFromString).mockClear();
    vi.spyOn(process, 'execArgv', 'get').mockReturnValue(given);
    growSlowly();
    expect(vi.mocked(setFlagsFromString).mock.calls).toEqual(set);
  });

  it.each([
    { name: 'a service manager', environment: { LISTEN_FDS: '2', LISTEN_PID: '7' }, given: true },
    { name: 'the master before', environment: { NGINX: '3;4;' }, given: true },
    { name: 'nobody', environment: { LISTEN_FDS: '', PATH: '/bin' }, given: false },
  ])('are done without where a new start would lose sockets: $name', ({ environment, given }) => {
    expect(hasGivenSockets(environment)).toBe(given);
  });
});
