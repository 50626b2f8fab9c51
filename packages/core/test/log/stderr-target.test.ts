import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StderrTarget, withoutBlocking, writeAll } from '../../src/log/stderr-target.js';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stderr-'));
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});

/** A writer that takes lines while `open`. */
class Gate {
  open = false;
  readonly lines: string[] = [];
  readonly write = (text: string): boolean => {
    if (this.open) this.lines.push(text);
    return this.open;
  };
}

describe('StderrTarget', () => {
  it('writes before the call returns', () => {
    const fd = openSync(join(directory, 'out'), 'w');
    const target = new StderrTarget((text) => writeAll(fd, text));
    target.write('a\n');
    target.write('b\n');
    expect(readFileSync(join(directory, 'out'), 'utf8')).toBe('a\nb\n');
    expect(target.dropped).toBe(0);
    closeSync(fd);
  });

  it('M7: counts a line that nobody can take and does not throw', async () => {
    const readOnly = openSync('/dev/null', 'r');
    const target = new StderrTarget((text) => writeAll(readOnly, text));
    target.write('a\n');
    await target.close();
    target.write('b\n');
    closeSync(readOnly);
    expect(target.dropped).toBe(2);
  });

  it('M8: keeps lines in order until the reader has made room', () => {
    vi.useFakeTimers();
    const gate = new Gate();
    const target = new StderrTarget(gate.write);
    target.write('a\n');
    target.write('b\n');
    vi.advanceTimersByTime(10_000);
    gate.open = true;
    target.write('c\n');
    expect(gate.lines).toEqual([]);
    vi.advanceTimersByTime(1000);
    target.write('d\n');
    expect(gate.lines).toEqual(['a\n', 'b\n', 'c\n', 'd\n']);
    expect(target.dropped).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('M8: keeps only so much, and owns up to the rest', () => {
    vi.useFakeTimers();
    const gate = new Gate();
    const target = new StderrTarget(gate.write);
    const line = `${'x'.repeat(1023)}\n`;
    for (let index = 0; index < 1030; index += 1) target.write(line);
    expect(target.dropped).toBe(6);
    gate.open = true;
    vi.advanceTimersByTime(1000);
    expect(gate.lines).toHaveLength(1025);
    expect(gate.lines.at(-1)).toContain(
      '[alert] ' +
        String(process.pid) +
        '#0: 6 log lines could not be written to "stderr" and are lost\n',
    );
  });

  it('tries once more at the end', async () => {
    const gate = new Gate();
    const target = new StderrTarget(gate.write);
    target.write('a\n');
    gate.open = true;
    await target.close();
    expect(gate.lines).toEqual(['a\n']);
  });
});

describe('a descriptor that never blocks', () => {
  it('M8: takes no more lines than a pipe has room for, whatever the pipe was opened as', () => {
    const path = join(directory, 'fifo');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const blocking = openSync(path, 'w');
    const fd = withoutBlocking(blocking);
    const line = `${'x'.repeat(1023)}\n`;
    let taken = 0;
    while (writeAll(fd, line)) taken += 1;
    const buffer = Buffer.alloc(1024 * 1024);
    expect(readSync(reader, buffer)).toBe(1024 * taken);
    expect(writeAll(fd, line)).toBe(true);
    for (const open of [reader, blocking, fd]) closeSync(open);
  });

  it('is the same for what is no pipe', () => {
    const fd = openSync(join(directory, 'file'), 'w');
    expect(withoutBlocking(fd)).toBe(fd);
    closeSync(fd);
    expect(withoutBlocking(fd)).toBe(fd);
  });
});
