import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SyslogSocketSpec } from '../../src/log/log-spec.js';
import { findSyslogCommand, SyslogSocketTarget } from '../../src/log/syslog-socket-target.js';

// What stands in for the command of util-linux writes what it is given to files. The command itself, a socket and a
// server are in tests/e2e/logs.
let directory = '';
const path = process.env['PATH'];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logger-'));
  process.env['PATH'] = `${directory}:${path ?? ''}`;
});

afterEach(() => {
  process.env['PATH'] = path;
  rmSync(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);
const read = (name: string) => readFileSync(at(name), 'utf8');

function standIn(script: string): void {
  writeFileSync(at('logger'), `#!/bin/sh\ncd ${directory}\n${script}\n`);
  chmodSync(at('logger'), 0o755);
}

const spec: SyslogSocketSpec = {
  kind: 'syslogSocket',
  path: '/dev/log',
  facility: 2,
  tag: 'postern',
  hostname: false,
  level: 'info',
};

const line = '2026/11/02 14:44:57 [error] 7#0: *1 no password available, client: 192.0.2.1\n';

describe('a syslog on a UNIX-domain socket', () => {
  it('gives each line with its priority to one command', async () => {
    standIn('echo "$@" >>arguments; exec cat >input');
    const target = new SyslogSocketTarget(spec);
    target.write(line, 'error');
    target.write(line, 'info');
    await target.close();
    expect(read('input')).toBe(`<19>${line}<22>${line}`);
    expect(read('arguments')).toBe(
      '--socket /dev/log --tag postern --prio-prefix --size 4096 --socket-errors=off\n',
    );
    expect(target.dropped).toBe(0);
  });

  it('lets the command add the name of the host', async () => {
    standIn('echo "$@" >arguments; exec cat >input');
    const target = new SyslogSocketTarget({ ...spec, hostname: true });
    target.write(line, 'error');
    await target.close();
    expect(read('arguments')).toContain('--tag postern --rfc3164 --prio-prefix');
  });

  it('M8: drops and counts lines that a command does not take, and never waits', async () => {
    standIn('touch started; read x <go; exec cat >input');
    const target = new SyslogSocketTarget(spec);
    const long = `${'x'.repeat(2000)}\n`;
    for (let index = 0; index < 2000; index += 1) target.write(long, 'info');
    expect(target.dropped).toBeGreaterThan(1000);
    while (!existsSync(at('started'))) await new Promise(setImmediate);
    await target.close();
  });

  it('M8: counts lines while the command is gone, and owns up to them in the next one', async () => {
    standIn('read x; echo "$x" >>seen');
    const target = new SyslogSocketTarget(spec);
    target.write('one\n', 'info');
    while (target.dropped === 0) {
      await new Promise(setImmediate);
      target.write('nobody hears this\n', 'info');
    }
    standIn('exec cat >>seen');
    while (!existsSync(at('seen')) || !read('seen').includes('are lost')) {
      await new Promise(setImmediate);
      target.write('two\n', 'info');
    }
    await target.close();
    expect(read('seen')).toMatch(
      /^<22>one\n<17>[^\n]*\d+ log lines could not be written to "syslog:server=unix:\/dev\/log" and are lost\n/,
    );
  });

  it('counts lines where there is no command', async () => {
    process.env['PATH'] = directory;
    const target = new SyslogSocketTarget(spec);
    target.write(line, 'info');
    while (target.dropped === 0) await new Promise(setImmediate);
    await target.close();
    target.write(line, 'info');
    expect(target.dropped).toBeGreaterThan(1);
  });

  it('closes without ever having been used', async () => {
    const target = new SyslogSocketTarget(spec);
    target.flushSync();
    target.reopen();
    await target.close();
    expect(existsSync(at('input'))).toBe(false);
  });
});

describe('the command', () => {
  it.each([
    { name: 'of util-linux is found', script: 'echo logger from util-linux 9.9', found: 1 },
    { name: 'of another origin is not', script: 'echo BusyBox', found: 0 },
    { name: 'that fails is not', script: 'echo util-linux; exit 1', found: 0 },
  ])('$name', async ({ script, found }) => {
    standIn(script);
    expect(await findSyslogCommand()).toHaveLength(found);
  });

  it('that is missing is not', async () => {
    process.env['PATH'] = directory;
    expect(await findSyslogCommand()).toEqual([]);
  });
});
