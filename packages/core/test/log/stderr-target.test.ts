import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StderrTarget, writeAll } from '../../src/log/stderr-target.js';

describe('StderrTarget', () => {
  it('writes before the call returns', () => {
    const directory = mkdtempSync(join(tmpdir(), 'stderr-'));
    const fd = openSync(join(directory, 'out'), 'w');
    const target = new StderrTarget((text) => writeAll(fd, text));
    target.write('a\n');
    target.write('b\n');
    expect(readFileSync(join(directory, 'out'), 'utf8')).toBe('a\nb\n');
    expect(target.dropped).toBe(0);
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });

  it('M7: counts a line that nobody can take and does not throw', () => {
    const readOnly = openSync('/dev/null', 'r');
    const target = new StderrTarget((text) => writeAll(readOnly, text));
    target.write('a\n');
    closeSync(readOnly);
    expect(target.dropped).toBe(1);
  });
});
