/** A daemon lets go of the standard error of who started it, also after it has written there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../free-port.js';
import { bin } from '../../postern-command.js';
import { greetingOf } from '../greeting.js';
import { until } from '../until.js';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the daemon', () => {
  it('lets the pipe end that it has warned on', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'logging-'));
    const port = await freePort();
    writeFileSync(
      join(directory, 'nginx.conf'),
      `error_log ${directory}/error.log info;
      pid ${directory}/pid;
      events { debug_connection 127.0.0.1; }
      mail {
          auth_http 127.0.0.1:9/auth;
          server { listen 127.0.0.1:${String(port)}; protocol imap; }
      }\n`,
    );
    const words = ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr'];
    const command = spawn(bin, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    command.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
    // 'close' comes when the last process has let go of the pipe.
    const [code] = (await once(command, 'close')) as [number];
    expect({ code, greeting: await greetingOf(port) }).toEqual({
      code: 0,
      greeting: '* OK IMAP4 ready',
    });
    expect(said).toContain('"debug_connection" is ignored');
    const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
    process.kill(pid, 'SIGTERM');
    await until('end of the daemon', () => !isAlive(pid));
    rmSync(directory, { recursive: true });
  });
});
