import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileOrStderr, type LogSpec, withDefaultLog } from '../../src/log/log-spec.js';
import { LogTargets } from '../../src/log/log-targets.js';
import { RecordingTarget } from './recording-target.js';
import { prepareJson } from '../../src/log/log-format.js';

await prepareJson();

let directory = '';
let targets = new LogTargets();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'targets-'));
  targets = new LogTargets();
});

afterEach(async () => {
  await targets.closeAll();
  rmSync(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);
const file = (name: string): LogSpec => ({ kind: 'file', path: at(name), level: 'info' });
const read = (name: string) => readFileSync(at(name), 'utf8');

describe('LogTargets', () => {
  it('opens a file once for ten thousand servers', async () => {
    const loggers = Array.from({ length: 10_000 }, () => targets.logger([file('a.log')]));
    for (const logger of loggers) logger.log('info', 'x');
    await targets.closeAll();
    expect(read('a.log').split('\n').length).toBe(10_001);
  });

  it('gives servers that inherit a list the same logger', () => {
    const specs = [file('a.log')];
    expect(targets.logger(specs)).toBe(targets.logger(specs));
  });

  it('lets one file serve two levels', async () => {
    targets.logger([{ kind: 'file', path: at('a.log'), level: 'error' }]).log('info', 'unseen');
    targets.logger([file('a.log')]).log('info', 'seen');
    await targets.closeAll();
    expect(read('a.log')).toMatch(/^[^\n]* seen\n$/);
  });

  it('lets one file serve text and JSON', async () => {
    const logger = targets.logger([file('a.log'), { ...file('a.log'), format: 'json' }]);
    logger.log('info', 'both');
    await targets.closeAll();
    const [text = '', json = ''] = read('a.log').split('\n');
    expect(text).toMatch(/ both$/);
    expect(JSON.parse(json)).toMatchObject({ message: 'both' });
    expect(targets.paths).toEqual([at('a.log')]);
  });

  it('L10: writes at most as many lines of a level a second as are allowed, and says so at the end', async () => {
    const logger = targets.logger([{ ...file('a.log'), rate: 2 }]);
    for (let index = 0; index < 5; index += 1) logger.log('info', 'flood');
    await targets.closeAll();
    const lines = read('a.log').trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/3 more lines of level "info" were left out, rate=2$/);
  });

  it('reopens all files', async () => {
    const logger = targets.logger([file('a.log'), file('b.log')]);
    renameSync(at('a.log'), at('a.old'));
    renameSync(at('b.log'), at('b.old'));
    expect(targets.reopenAll()).toEqual([]);
    logger.log('info', 'new');
    await targets.closeAll();
    expect(read('a.log')).toContain('new');
    expect(read('b.log')).toContain('new');
  });

  it('says which file could not be reopened', () => {
    targets.logger([file('a.log')]);
    rmSync(directory, { recursive: true });
    expect(targets.reopenAll()).toEqual([
      `open() "${at('a.log')}" failed (2: No such file or directory)`,
    ]);
    directory = mkdtempSync(join(tmpdir(), 'targets-'));
  });

  it('flushes all files at once', () => {
    const logger = targets.logger([file('a.log')]);
    logger.log('info', 'one');
    logger.log('info', 'two');
    targets.flushAllSync();
    expect(read('a.log')).toContain('two');
  });

  it('writes to the standard error it was given', () => {
    const stderr = new RecordingTarget();
    new LogTargets(stderr).logger([{ kind: 'stderr', level: 'warn' }]).log('warn', 'x');
    expect(stderr.levels).toEqual(['warn']);
  });

  it('refuses a file that cannot be opened', () => {
    expect(() => targets.logger([file('no/a.log')])).toThrow(
      `open() "${at('no/a.log')}" failed (2: No such file or directory)`,
    );
  });
});

describe('the logs of the main level', () => {
  const fallback = fileOrStderr('/p/logs/error.log', 'error');
  const syslog: LogSpec = {
    kind: 'syslog',
    address: '127.0.0.1',
    port: 514,
    facility: 23,
    tag: 'nginx',
    hostname: true,
    level: 'info',
  };
  const local: LogSpec = {
    kind: 'syslogSocket',
    path: '/dev/log',
    facility: 23,
    tag: 'nginx',
    hostname: false,
    level: 'info',
  };
  const stderr: LogSpec = { kind: 'stderr', level: 'info' };

  it.each([
    { name: 'nothing is configured', specs: [], all: [fallback] },
    { name: 'only syslog is configured', specs: [syslog], all: [syslog, fallback] },
    { name: 'only a syslog socket is configured', specs: [local], all: [local, fallback] },
  ])('get the compiled-in file at level error when $name', ({ specs, all }) => {
    expect(withDefaultLog(specs, fallback)).toEqual(all);
  });

  it.each([
    { name: 'a file', specs: [file('a.log')] },
    { name: 'standard error', specs: [syslog, stderr] },
  ])('stay as they are when $name is among them', ({ specs }) => {
    expect(withDefaultLog(specs, fallback)).toBe(specs);
  });

  it('are standard error for -e stderr', () => {
    expect(fileOrStderr('stderr', 'error')).toEqual({ kind: 'stderr', level: 'error' });
  });
});
