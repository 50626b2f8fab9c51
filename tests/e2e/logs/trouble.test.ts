/** Logs that cannot be written: the proxy serves all the same, and loses nothing that it can keep. Needs root for a disk. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, openSync, constants, closeSync, mkdtempSync, readFileSync } from 'node:fs';
import { readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../until.js';
import { startLogging, stopAll } from './logging-proxy.js';

let disk = '';

afterEach(async () => {
  if (disk !== '') execFileSync('umount', ['--lazy', disk]);
  disk = '';
  await stopAll();
});

/** A directory with a disk of 64 KiB in `small`. */
function withSmallDisk(): string {
  const directory = mkdtempSync(join(tmpdir(), 'logging-'));
  const small = join(directory, 'small');
  mkdirSync(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]);
  disk = small;
  return directory;
}

const comings = (log: string): number => log.split(' connected to ').length - 1;

describe('M8: a full disk', () => {
  it('stops no client, and every line is written once there is room', async () => {
    const directory = withSmallDisk();
    const proxy = await startLogging('error_log DIR/small/error.log info;', { directory });
    const log = () => readFileSync(join(disk, 'error.log'), 'latin1');
    // A file without a byte takes no room from the disk.
    await until('the first lines', () => log() !== '');
    const before = comings(log());
    expect(() => {
      writeFileSync(join(disk, 'filler'), Buffer.alloc(65_536));
    }).toThrow('ENOSPC');
    await proxy.greet(300);
    expect(comings(log())).toBeLessThan(before + 300);
    rmSync(join(disk, 'filler'));
    await until('all lines', () => comings(log()) >= before + 300);
    expect(await proxy.stop()).toBe(0);
    const lines = log().trimEnd().split('\n');
    expect(lines.filter((line) => !/^\d{4}\/\d\d\/\d\d .*\[\w+\] /.test(line))).toEqual([]);
  });
});

describe('M8: a pipe that nobody reads', () => {
  it('stops no client, as standard error of a container whose host is slow', async () => {
    const proxy = await startLogging('error_log stderr info json;');
    await proxy.greet(700);
    let text = '';
    proxy.process.stderr?.on('data', (bytes: Buffer) => (text += bytes.toString()));
    await until('all lines', () => comings(text) >= 700);
    expect(await proxy.stop()).toBe(0);
    const [first] = text.split('\n').filter((line) => line.includes(' connected to '));
    expect(JSON.parse(first ?? '')).toMatchObject({ level: 'info', protocol: 'imap' });
  });

  it('stops no client as a FIFO, and gets every line when somebody reads again', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'logging-'));
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    const reader = openSync(join(directory, 'fifo'), constants.O_RDONLY | constants.O_NONBLOCK);
    const proxy = await startLogging('error_log DIR/fifo info;', { directory });
    await proxy.greet(1000);
    let text = '';
    const buffer = Buffer.alloc(65_536);
    await until('all lines', () => {
      try {
        text += buffer.toString('latin1', 0, readSync(reader, buffer));
      } catch {
        // Nothing there yet.
      }
      return comings(text) >= 1000;
    });
    expect(await proxy.stop()).toBe(0);
    closeSync(reader);
  });
});
