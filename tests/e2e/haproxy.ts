/** A private HAProxy that passes TCP connections from one loopback port to another, with PROXY headers as asked for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectClient } from '@postern/testkit';
import { freePort } from '../free-port.js';
import { Child } from './child.js';
import { until } from './until.js';

/** A running HAProxy. */
export interface Haproxy {
  readonly port: number;
  /** What it logged: a line for each connection. */
  log(): string;
  stop(): Promise<void>;
}

/** Where connections go, and what is said about them. */
export interface HaproxyOptions {
  readonly to: number;
  /** Options of the `bind` line, for instance `accept-proxy`. */
  readonly bind?: string;
  /** Options of the `server` line, for instance `send-proxy-v2`. */
  readonly server?: string;
}

const configuration = (port: number, { to, bind = '', server = '' }: HaproxyOptions): string => `
global
  log stdout format raw local0
defaults
  mode tcp
  log global
  option tcplog
  timeout connect 10s
  timeout client 60s
  timeout server 60s
listen passed
  bind 127.0.0.1:${String(port)} ${bind}
  server backend 127.0.0.1:${String(to)} ${server}
`;

/** Starts HAProxy and waits until it listens. */
export async function startHaproxy(options: HaproxyOptions): Promise<Haproxy> {
  const directory = mkdtempSync(join(tmpdir(), 'haproxy-'));
  const port = await freePort();
  const file = join(directory, 'haproxy.cfg');
  writeFileSync(file, configuration(port, options));
  const child = new Child('haproxy', ['-db', '-f', file]);
  const stop = async (): Promise<void> => {
    await child.stop();
    rmSync(directory, { recursive: true });
  };
  try {
    await until('listening HAProxy', () => child.hasEnded || listens(port), {
      state: () => child.output,
    });
    if (child.hasEnded) throw new Error(`HAProxy did not start: ${child.output}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, log: () => child.output, stop };
}

/** Asks by a connection without a header, which `accept-proxy` then turns away. */
async function listens(port: number): Promise<boolean> {
  try {
    await (await connectClient(port)).close();
    return true;
  } catch {
    return false;
  }
}
