import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removePidFile, testPidFile, writePidFile } from '../../src/process/pid-file.js';

let directory = '';
let path = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pid-'));
  path = join(directory, 'nginx.pid');
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('the pid file', () => {
  it('holds the number of the process and LF', () => {
    writePidFile(path);
    expect(readFileSync(path, 'utf8')).toBe(`${String(process.pid)}\n`);
    expect(statSync(path).mode & 0o777 & ~0o644).toBe(0);
  });

  it('replaces a stale one, also a longer one', () => {
    writeFileSync(path, '123456789\n');
    writePidFile(path, 42);
    expect(readFileSync(path, 'utf8')).toBe('42\n');
  });

  it('is made empty by a test where there is none', () => {
    testPidFile(path);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('is left alone by a test where there is one', () => {
    writeFileSync(path, '42\n');
    testPidFile(path);
    expect(readFileSync(path, 'utf8')).toBe('42\n');
  });

  it.each([
    { name: 'written', act: writePidFile },
    { name: 'tested', act: testPidFile },
  ])('that cannot be $name gives the sentence of nginx', ({ act }) => {
    const missing = join(directory, 'no/nginx.pid');
    expect(() => {
      act(missing);
    }).toThrow(`open() "${missing}" failed (2: No such file or directory)`);
  });

  it('M11: is not written through a symbolic link', () => {
    const victim = join(directory, 'victim');
    writeFileSync(victim, 'precious\n');
    symlinkSync(victim, path);
    expect(() => {
      writePidFile(path);
    }).toThrow(`open() "${path}" failed (40: Too many levels of symbolic links)`);
    expect(readFileSync(victim, 'utf8')).toBe('precious\n');
  });

  it('is removed at exit', () => {
    writePidFile(path, 42);
    expect(removePidFile(path, 42)).toBeUndefined();
    expect(existsSync(path)).toBe(false);
  });

  it('is not removed when it names another process', () => {
    writePidFile(path, 43);
    expect(removePidFile(path, 42)).toBeUndefined();
    expect(existsSync(path)).toBe(true);
  });

  it('that has gone is an error of the system', () => {
    expect(removePidFile(path, 42)?.code).toBe('ENOENT');
  });
});
