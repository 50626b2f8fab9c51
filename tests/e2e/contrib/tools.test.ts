/** The files of `contrib/` and the programs that they are written for. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const contrib = fileURLToPath(new URL('../../../contrib/', import.meta.url));

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'contrib-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function run(
  command: string,
  ...words: readonly string[]
): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

/** Copies the units with a program that is there in the place of ours. */
function units(): readonly string[] {
  cpSync(join(contrib, 'systemd'), directory, { recursive: true });
  const service = join(directory, 'postern.service');
  const text = readFileSync(service, 'utf8').replaceAll('/usr/local/bin/postern', '/bin/true');
  writeFileSync(service, text);
  return [service, join(directory, 'postern.socket')];
}

describe('the units of systemd', () => {
  it('are understood', () => {
    const { status, said } = run('systemd-analyze', 'verify', '--man=no', ...units());
    const about = said.split('\n').filter((line) => line.includes('postern'));
    expect({ status, about }).toEqual({ status: 0, about: [] });
  });

  it('M12: leave the service an exposure of at most 2.0', () => {
    const [service = ''] = units();
    const { status, said } = run(
      ...(['systemd-analyze', 'security', '--offline=true', '--threshold=20', service] as const),
    );
    expect({ status, said }).toMatchObject({ status: 0 });
  });
});

describe('the snippet for logrotate', () => {
  it('rotates a log file', () => {
    const log = join(directory, 'error.log');
    writeFileSync(log, 'a line\n');
    mkdirSync(join(directory, 'run'));
    const text = readFileSync(join(contrib, 'logrotate/postern'), 'utf8')
      .replace('/var/log/postern/*.log', log)
      .replaceAll('/run/postern/', join(directory, 'run/'))
      .replace('postern adm', 'root root');
    const snippet = join(directory, 'snippet');
    writeFileSync(snippet, text, { mode: 0o644 });
    const state = join(directory, 'state');
    expect(run('logrotate', '--force', '--state', state, snippet)).toEqual({ status: 0, said: '' });
    expect(readFileSync(`${log}.1`, 'utf8')).toBe('a line\n');
    expect(readFileSync(log, 'utf8')).toBe('');
  });
});
