import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileTarget } from '../../src/log/file-target.js';
import { prepareJson } from '../../src/log/log-format.js';

await prepareJson();

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'log-'));
});

afterEach(() => {
  chmodSync(directory, 0o700);
  rmSync(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);
const read = (name: string) => readFileSync(at(name), 'utf8');

/** Opens a FIFO for reading whether or not somebody writes. */
const openReader = (path: string) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);

/** Reads from a FIFO until `last` has come. */
async function readUntil(fd: number, last: string): Promise<string> {
  const buffer = Buffer.alloc(65_536);
  let text = '';
  while (!text.includes(last)) {
    await new Promise(setImmediate);
    try {
      text += buffer.toString('utf8', 0, readSync(fd, buffer));
    } catch {
      // Nothing there yet.
    }
  }
  return text;
}

describe('FileTarget', () => {
  it('makes a file of mode 0644 and appends lines in order', async () => {
    const target = new FileTarget(at('a.log'));
    const lines = Array.from({ length: 5000 }, (_, index) => `line ${String(index)}\n`);
    for (const line of lines) target.write(line);
    await target.close();
    expect(read('a.log')).toBe(lines.join(''));
    expect(statSync(at('a.log')).mode & 0o777 & ~0o644).toBe(0);
    expect(target.dropped).toBe(0);
  });

  it('keeps what the file has', async () => {
    writeFileSync(at('a.log'), 'before\n');
    const target = new FileTarget(at('a.log'));
    target.write('after\n');
    await target.close();
    expect(read('a.log')).toBe('before\nafter\n');
  });

  it.each([
    { name: 'a missing directory', path: 'no/a.log', reason: '2: No such file or directory' },
    { name: 'a directory', path: 'dir', reason: '21: Is a directory' },
    { name: 'a file for a directory', path: 'file/a.log', reason: '20: Not a directory' },
    { name: 'M8: a FIFO without reader', path: 'fifo', reason: '6: No such device or address' },
  ])('refuses $name with the sentence of nginx', ({ path, reason }) => {
    mkdirSync(at('dir'));
    writeFileSync(at('file'), '');
    execFileSync('mkfifo', [at('fifo')]);
    expect(() => new FileTarget(at(path))).toThrow(`open() "${at(path)}" failed (${reason})`);
  });

  it('reopen: the old file keeps the old lines and the new file gets the new ones', async () => {
    const target = new FileTarget(at('a.log'));
    target.write('one\n');
    renameSync(at('a.log'), at('a.log.1'));
    target.write('two\n');
    expect(target.reopen()).toBeUndefined();
    target.write('three\n');
    await target.close();
    expect(read('a.log.1')).toBe('one\ntwo\n');
    expect(read('a.log')).toBe('three\n');
  });

  it('M8: a file that cannot be reopened stays in use', async () => {
    mkdirSync(at('logs'));
    const target = new FileTarget(at('logs/a.log'));
    renameSync(at('logs'), at('moved'));
    expect(target.reopen()?.code).toBe('ENOENT');
    target.write('still here\n');
    await target.close();
    expect(read('moved/a.log')).toBe('still here\n');
  });

  it('M8: an unlinked file takes lines without complaint until it is reopened', async () => {
    const target = new FileTarget(at('a.log'));
    unlinkSync(at('a.log'));
    target.write('lost\n');
    target.reopen();
    target.write('kept\n');
    await target.close();
    expect(read('a.log')).toContain('kept\n');
  });

  it('flushSync writes what waits before it returns', async () => {
    const target = new FileTarget(at('a.log'));
    target.write('in flight\n');
    target.write('waiting\n');
    target.flushSync();
    expect(read('a.log')).toContain('waiting\n');
    await target.close();
    expect(read('a.log').split('\n').sort()).toEqual(['', 'in flight', 'waiting']);
  });

  it('drops and counts lines after it was closed', async () => {
    const target = new FileTarget(at('a.log'));
    await target.close();
    target.write('late\n');
    await target.close();
    expect(target.reopen()).toBeUndefined();
    expect(target.dropped).toBe(1);
    expect(read('a.log')).toBe('');
  });

  it('M8: memory is bounded: lines beyond the limit are dropped, counted and owned up to', async () => {
    const target = new FileTarget(at('a.log'), 1000);
    for (let index = 0; index < 100; index += 1) target.write(`${'x'.repeat(99)}\n`);
    const { dropped } = target;
    expect(dropped).toBe(90);
    while (!read('a.log').includes('lost')) await new Promise(setImmediate);
    await target.close();
    expect(read('a.log')).toContain(
      `[alert] ${String(process.pid)}#0: 90 log lines could not be written to "${at('a.log')}" and are lost\n`,
    );
  });

  it('M8: a full disk neither throws nor blocks', async () => {
    const target = new FileTarget('/dev/full', 1000);
    for (let index = 0; index < 100; index += 1) target.write(`${'x'.repeat(99)}\n`);
    await new Promise(setImmediate);
    target.flushSync();
    target.write('more\n');
    await target.close();
    expect(target.dropped).toBeGreaterThan(90);
  });

  it('M8: lines that a full disk has refused are in the new file after it was reopened', async () => {
    symlinkSync('/dev/full', at('a.log'));
    const target = new FileTarget(at('a.log'));
    target.write('one\n');
    target.write('two\n');
    await new Promise((resolve) => setTimeout(resolve, 30));
    target.write('three\n');
    unlinkSync(at('a.log'));
    expect(target.reopen()).toBeUndefined();
    target.write('four\n');
    await target.close();
    expect(read('a.log').split('\n').sort()).toEqual(['', 'four', 'one', 'three', 'two']);
    expect(target.dropped).toBe(0);
  });

  it('M8: reopening again and again under load loses no line', async () => {
    const target = new FileTarget(at('a.log'));
    for (let index = 0; index < 3000; index += 1) {
      target.write(`${String(index)}\n`);
      if (index % 100 !== 99) continue;
      renameSync(at('a.log'), at(`a.log.${String(index)}`));
      target.reopen();
      await new Promise(setImmediate);
    }
    await target.close();
    const files = readdirSync(directory);
    const numbers = files.flatMap((name) => read(name).split('\n').filter(Boolean)).map(Number);
    expect(files).toHaveLength(31);
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 3000 }, (_, n) => n));
  });

  it('M8: a reader of a FIFO that is slow gets every line whole and in order', async () => {
    execFileSync('mkfifo', [at('fifo')]);
    const reader = openReader(at('fifo'));
    const target = new FileTarget(at('fifo'));
    const lines = Array.from({ length: 3000 }, (_, n) => `${String(n).padStart(99, '.')}\n`);
    for (const line of lines) target.write(line);
    const closed = target.close();
    expect(await readUntil(reader, lines.at(-1) ?? '')).toBe(lines.join(''));
    closeSync(reader);
    await closed;
    expect(target.dropped).toBe(0);
  });

  it('M8: a FIFO that is full at the end gets every line once it is read', async () => {
    execFileSync('mkfifo', [at('fifo')]);
    const reader = openReader(at('fifo'));
    const writer = openSync(at('fifo'), constants.O_WRONLY | constants.O_NONBLOCK);
    expect(() => {
      for (;;) writeSync(writer, Buffer.alloc(4096, '.'));
    }).toThrow('EAGAIN');
    closeSync(writer);
    const target = new FileTarget(at('fifo'));
    target.write('last\n');
    const closed = target.close();
    // The first attempt fails before there is room.
    for (let turn = 0; turn < 10; turn += 1) await stat(directory);
    expect(await readUntil(reader, 'last\n')).toMatch(/^\.+last\n$/);
    await closed;
    closeSync(reader);
    expect(target.dropped).toBe(0);
  });

  it('owns up to losses in the form of the log', async () => {
    const target = new FileTarget(at('a.log'), 20, 'json');
    target.write('{"a":1}\n');
    target.write('{"message":"too long for what is left"}\n');
    while (!read('a.log').includes('lost')) await new Promise(setImmediate);
    await target.close();
    expect(JSON.parse(read('a.log').split('\n')[1] ?? '')).toMatchObject({
      level: 'alert',
      message: `1 log lines could not be written to "${at('a.log')}" and are lost`,
    });
  });

  it('writes what waits when the process ends', async () => {
    const target = new FileTarget(at('a.log'));
    target.write('last words\n');
    process.listeners('exit').forEach((listener) => {
      if (listener.name === 'flushAll') listener(0);
    });
    expect(read('a.log')).toBe('last words\n');
    await target.close();
    expect(process.listeners('exit').some(({ name }) => name === 'flushAll')).toBe(false);
  });

  it('M7: goes on when the reader of a FIFO leaves and another one comes', async () => {
    execFileSync('mkfifo', [at('fifo')]);
    const first = openReader(at('fifo'));
    const target = new FileTarget(at('fifo'));
    target.write('one\n');
    expect(await readUntil(first, 'one\n')).toBe('one\n');
    closeSync(first);
    target.write('two\n');
    await new Promise(setImmediate);
    const second = openReader(at('fifo'));
    target.write('three\n');
    expect(await readUntil(second, 'three\n')).toContain('three\n');
    closeSync(second);
    await target.close();
  });
});
