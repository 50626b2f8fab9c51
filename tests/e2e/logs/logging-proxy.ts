/** A `postern` whose logs are the matter: it greets, and each client that comes is a line at level info. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../free-port.js';
import { bin } from '../../postern-command.js';
import { greetingOf } from '../greeting.js';
import { until } from '../until.js';

/** One proxy, and the directory of its files. */
export interface LoggingProxy {
  readonly directory: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** So many clients come one after the other; every one of them must be greeted. */
  greet(clients: number): Promise<void>;
  /** Ends it; its exit code. */
  stop(): Promise<number | null>;
}

const running = new Set<LoggingProxy>();

/** Ends what a test has left. */
export async function stopAll(): Promise<void> {
  for (const proxy of running) {
    await proxy.stop();
    rmSync(proxy.directory, { recursive: true });
  }
  running.clear();
}

/** Starts a proxy with `logs`, the directives `error_log`, in which `DIR` is its directory. */
export async function startLogging(
  logs: string,
  { directory = mkdtempSync(join(tmpdir(), 'logging-')), globals = 'master_process off;' } = {},
): Promise<LoggingProxy> {
  const port = await freePort();
  writeFileSync(
    join(directory, 'nginx.conf'),
    `${logs.replaceAll('DIR', directory)}
    pid ${directory}/pid;
    events { worker_connections 512; }
    mail {
        server_name mail.example.com;
        auth_http 127.0.0.1:9/auth;
        server { listen 127.0.0.1:${String(port)}; protocol imap; }
    }\n`,
  );
  const words = ['-p', directory, '-c', 'nginx.conf', '-e', '/dev/null'];
  // Nobody reads standard error until a test does.
  const child = spawn(bin, [...words, '-g', `daemon off; ${globals}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const greeted = async () => (await greetingOf(port)).startsWith('* OK IMAP4 ready');
  const proxy: LoggingProxy = {
    directory,
    port,
    process: child,
    greet: async (clients) => {
      for (let client = 0; client < clients; client += 1) {
        if (!(await greeted())) throw new Error(`client ${String(client)} was not greeted`);
      }
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      return child.exitCode;
    },
  };
  running.add(proxy);
  await until('greeting', greeted);
  return proxy;
}
