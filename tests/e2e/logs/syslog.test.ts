/** A syslog server on a UNIX-domain socket, through the `logger` command of util-linux. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../until.js';
import { startLogging, stopAll } from './logging-proxy.js';

const script = fileURLToPath(new URL('../clients/syslog.py', import.meta.url));

/** A server that keeps what it gets. */
class Server {
  text = '';
  readonly #child: ChildProcess;

  constructor(path: string) {
    this.#child = spawn('python3', ['-B', script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', (bytes: Buffer) => (this.text += bytes.toString()));
    servers.push(this);
  }

  async ready(): Promise<void> {
    await until('syslog server', () => this.text.startsWith('ready\n'));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await ended;
  }
}

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  await stopAll();
});

describe('a syslog on a UNIX-domain socket', () => {
  it.each([
    { name: 'one process', globals: 'master_process off;' },
    { name: 'a master and a worker', globals: 'master_process on;' },
  ])('gets the lines of $name, and again after it was started anew', async ({ globals }) => {
    const directory = mkdtempSync(join(tmpdir(), 'logging-'));
    chmodSync(directory, 0o755);
    const path = join(directory, 'log');
    const first = new Server(path);
    await first.ready();
    const logs = 'error_log syslog:server=unix:DIR/log,facility=mail,tag=mx,nohostname info;';
    const proxy = await startLogging(logs, { directory, globals });
    await until('a line', () => first.text.includes(' connected to '));
    expect(first.text).toMatch(
      /^<22>[A-Z][a-z]{2} [ 1-3]\d \d\d:\d\d:\d\d mx: \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[info\] \d+#0: \*\d+ client 127\.0\.0\.1:\d+ connected to 127\.0\.0\.1:\d+$/m,
    );
    await first.stop();
    const second = new Server(path);
    await second.ready();
    await until('a line after that', async () => {
      await proxy.greet(1);
      return second.text.includes(' connected to ');
    });
    expect(await proxy.stop()).toBe(0);
    await until('the last line', () => second.text.includes('[notice]'));
  });
});
