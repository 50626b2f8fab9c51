import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCpuList } from '../../src/process/allowed-cpus.js';
import { affinityWarning, cpusOf } from '../../src/process/cpu-affinity.js';
import { findTaskset, limited, wholeBlocks } from '../../src/process/worker-limits.js';

const none = { openFiles: undefined, coreBytes: undefined, cpus: undefined };

describe('the command of a worker', () => {
  const command = { program: '/node', args: ['a b', '-c'] };

  it('is run as it is without limits', () => {
    expect(limited(command, none)).toBe(command);
  });

  it.each([
    { limits: { ...none, openFiles: 100 }, step: 'ulimit -n 100 ' },
    { limits: { ...none, coreBytes: 1024 }, step: 'ulimit -c 2 ' },
    { limits: { ...none, coreBytes: 1000 }, step: 'ulimit -c 1 ' },
    { limits: { ...none, coreBytes: 0 }, step: 'ulimit -c 0 ' },
  ])(
    'gets its limits from a shell, which sees no word of the command: $step',
    ({ limits, step }) => {
      const { program, args } = limited(command, limits);
      expect(program).toBe('/bin/sh');
      expect(args.slice(3)).toEqual(['/node', 'a b', '-c']);
      expect(args[1]).toContain(step);
      expect(args[1]).not.toContain('node');
    },
  );

  it('has core files of whole blocks', () => {
    expect([0, 511, 512, 1000, 2 ** 40 + 1].map(wholeBlocks)).toEqual([0, 0, 512, 512, 2 ** 40]);
  });
});

describe('the command taskset', () => {
  const folder = mkdtempSync(join(tmpdir(), 'taskset-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('is that of the path, if it can be run', () => {
    const path = join(folder, 'taskset');
    writeFileSync(path, '');
    expect(findTaskset(`:/nowhere:${folder}`)).not.toBe(path);
    chmodSync(path, 0o755);
    expect(findTaskset(`:/nowhere:${folder}`)).toBe(path);
  });
});

describe('CPUs', () => {
  const masks = [[0], [1, 2]];

  it.each([
    {
      name: 'of a worker are those of its mask',
      affinity: { isAuto: false, masks },
      index: 0,
      result: [0],
    },
    {
      name: 'of further workers are those of the last',
      affinity: { isAuto: false, masks },
      index: 5,
      result: [1, 2],
    },
    {
      name: 'without masks are any',
      affinity: { isAuto: false, masks: [] },
      index: 0,
      result: undefined,
    },
    {
      name: 'with auto are one each',
      affinity: { isAuto: true, masks: [[3, 5]] },
      index: 1,
      result: [5],
    },
    {
      name: 'with auto are used again',
      affinity: { isAuto: true, masks: [[3, 5]] },
      index: 2,
      result: [3],
    },
    {
      name: 'with auto and an empty mask are any',
      affinity: { isAuto: true, masks: [[]] },
      index: 0,
      result: undefined,
    },
  ])('$name', ({ affinity, index, result }) => {
    expect(cpusOf(affinity, index)).toEqual(result);
  });

  it('of masks that are not as many as workers are warned of', () => {
    const warning = /^the number of "worker_processes" is not equal/;
    expect(affinityWarning({ isAuto: false, masks }, 3)).toMatch(warning);
    expect(affinityWarning({ isAuto: false, masks }, 1)).toMatch(warning);
    expect(affinityWarning({ isAuto: false, masks }, 2)).toBeUndefined();
    expect(affinityWarning({ isAuto: false, masks: [[0]] }, 3)).toBeUndefined();
    expect(affinityWarning({ isAuto: true, masks: [[0, 1]] }, 3)).toBeUndefined();
  });

  it('are read from a list of Linux', () => {
    expect(readCpuList('0-2,5,7-8')).toEqual([0, 1, 2, 5, 7, 8]);
  });
});
