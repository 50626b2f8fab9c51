import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandIo } from '../../src/cli/command-io.js';
import { StartLog } from '../../src/cli/start-log.js';
import { ErrorLog } from '../../src/log/error-log.js';
import { StderrTarget } from '../../src/log/stderr-target.js';
import { RecordingTarget } from '../log/recording-target.js';

let directory = '';
let stderr = '';

const io: CommandIo = {
  out: () => Promise.resolve(),
  err: (text) => {
    stderr += text;
    return true;
  },
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'start-log-'));
  stderr = '';
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const path = () => join(directory, 'error.log');
const create = (at: string) =>
  new StartLog(at, 'notice', io, new StderrTarget((text) => io.err(text)));
const full = (level: string, message: string) =>
  new RegExp(
    `^\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d \\[${level}\\] ${String(process.pid)}#0: ${message}\n$`,
  );

describe('StartLog', () => {
  it('writes to the early log, and what is warn or worse also to standard error', async () => {
    const log = create(path());
    log.log('warn', 'a');
    await log.close();
    expect(readFileSync(path(), 'utf8')).toMatch(full('warn', 'a'));
    expect(stderr).toBe('nginx: [warn] a\n');
  });

  it('writes notices to the early log alone and infos nowhere', async () => {
    const log = create(path());
    log.log('notice', 'a');
    log.log('info', 'b');
    await log.close();
    expect(readFileSync(path(), 'utf8')).toMatch(full('notice', 'a'));
    expect(stderr).toBe('');
    expect(log.enabled('info')).toBe(false);
  });

  it('writes only the full line where the early log is standard error', () => {
    create('stderr').log('emerg', 'a');
    expect(stderr).toMatch(full('emerg', 'a'));
  });

  it('goes on with standard error where the early log cannot be opened', () => {
    const log = create(join(directory, 'no/error.log'));
    expect(stderr).toBe(
      `nginx: [alert] could not open error log file: open() "${directory}/no/error.log" failed (2: No such file or directory)\n`,
    );
    stderr = '';
    log.log('emerg', 'a');
    expect(stderr).toMatch(full('emerg', 'a'));
  });

  it('does not say again what the process that started it has said', () => {
    const target = new StderrTarget((text) => io.err(text));
    const log = new StartLog(join(directory, 'no/error.log'), 'notice', io, target, true);
    expect(stderr).toBe('');
    log.log('emerg', 'a');
    expect(stderr).toMatch(full('emerg', 'a'));
  });

  it('writes to the configured logs once they are known, with the copy until the start is over', async () => {
    const log = create(path());
    const target = new RecordingTarget();
    const specs = [{ kind: 'file', path: '/x', level: 'crit' }] as const;
    await log.use(new ErrorLog([{ level: 'crit', target }]), specs);
    log.log('error', 'a');
    expect(log.enabled('warn')).toBe(true);
    log.log('emerg', 'b');
    log.started();
    log.log('emerg', 'c');
    expect(log.enabled('warn')).toBe(false);
    expect(stderr).toBe('nginx: [error] a\nnginx: [emerg] b\n');
    expect(target.levels).toEqual(['emerg', 'emerg']);
    expect(readFileSync(path(), 'utf8')).toBe('');
  });

  it('makes no copy where a configured log that takes the line is standard error', async () => {
    const log = create(path());
    await log.use(new ErrorLog([]), [{ kind: 'stderr', level: 'error' }]);
    log.log('error', 'taken');
    log.log('warn', 'not taken');
    expect(stderr).toBe('nginx: [warn] not taken\n');
  });
});
