// The measured programs: nginx, postern, or nothing at all ("direct": the clients talk to the backend).
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { Child } from './children.mjs';
import { configuration } from './config.mjs';
import { bounded } from './load.mjs';
import { family } from './proc.mjs';

const OPEN_FILES = 65_536;
const posternProgram = join(import.meta.dirname, '../packages/postern/bin/postern.mjs');

/** As postern starts itself; measured with the flags its users get. */
const NODE_FLAGS = ['--max-semi-space-size=4', '--single-threaded-gc'];

/** Below the ephemeral ports (32768 on): no outgoing connection of the run can take it meanwhile. */
async function freePort() {
  for (let tries = 0; tries < 50; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const free = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  throw new Error('no free port between 20000 and 30000');
}

function nginxCommand(options, directory) {
  const load = options.nginxModule === '' ? '' : `load_module ${options.nginxModule}; `;
  const files = ['-p', directory, '-c', join(directory, 'nginx.conf')];
  return [options.nginx, ...files, '-g', `${load}daemon off;`];
}

function posternCommand(options, directory, nodeFlags) {
  const program = options.postern ?? posternProgram;
  if (!existsSync(program)) throw new Error(`${program} is missing: run "npm run build"`);
  const files = ['-p', directory, '-c', join(directory, 'nginx.conf')];
  const alone = ['-g', 'daemon off; master_process off;'];
  return [process.execPath, ...NODE_FLAGS, ...nodeFlags, program, ...files, ...alone];
}

function dial(port, tls) {
  if (!tls) return connect(port, '127.0.0.1');
  return connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
}

function greeted(port, tls) {
  return new Promise((resolve) => {
    const socket = dial(port, tls);
    socket.setTimeout(2000, () => socket.destroy());
    socket.once('data', () => resolve(true));
    socket.on('error', () => {});
    socket.on('data', () => socket.destroy());
    socket.on('close', () => resolve(false));
  });
}

async function untilGreeted(child, port, tls) {
  for (const until = Date.now() + 10_000; Date.now() < until; await sleep(50)) {
    if (await greeted(port, tls)) return;
    const failure = child.failure();
    if (failure !== undefined) throw failure;
  }
  throw new Error(`the proxy has not answered on port ${port} within 10 s`);
}

/**
 * What a proxy is started with beyond the suite's settings.
 * @typedef {object} Setup
 * @property {number} [servers] server blocks of the configuration
 * @property {string} [certificate] of TLS; without it the suite's first one
 * @property {string[]} [nodeFlags] for postern only
 * @property {Record<string, string>} [env]
 */

function clientOptions({ options, suite }, port, servers) {
  const tls = suite.tls ? { tls: options.tlsVersion.replace('.', '') } : {};
  return { port, protocol: suite.protocol, addresses: servers, ...tls };
}

/**
 * Starts a proxy in front of the bench's servers and waits for its greeting. `client` are the options with which
 * the load generator reaches it.
 * @param {'nginx' | 'postern' | 'direct'} kind
 * @param {object} bench what openBench() returns
 * @param {Setup} [setup]
 */
export async function startProxy(kind, bench, setup = {}) {
  const { suite, backend, auth } = bench;
  const { servers = 1, certificate = bench.certificates?.ecdsa, nodeFlags = [], env = {} } = setup;
  if (kind === 'direct') {
    const client = clientOptions(bench, backend.port, 1);
    return { kind, client, pids: () => [], stop: async () => {} };
  }
  const directory = mkdtempSync(join(bench.directory, `${kind}-`));
  mkdirSync(join(directory, 'logs'), { recursive: true });
  const port = await freePort();
  const what = { protocol: suite.protocol, port, authPort: auth.port, servers, certificate };
  writeFileSync(join(directory, 'nginx.conf'), configuration(what));
  const command =
    kind === 'nginx'
      ? nginxCommand(bench.options, directory)
      : posternCommand(bench.options, directory, nodeFlags);
  const child = new Child(kind, bounded(OPEN_FILES, command), { env: { ...process.env, ...env } });
  await untilGreeted(child, port, suite.tls);
  return {
    kind,
    client: clientOptions(bench, port, servers),
    directory,
    pids: () => family(child.pid),
    stop: () => child.stop('SIGTERM'),
  };
}
