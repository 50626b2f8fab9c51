// The measured programs: nginx, postern, or nothing at all ("direct": the clients talk to the backend). "reuseport" is
// postern once per worker, each with a listening socket of its own on one port.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { Child } from './children.mjs';
import { configuration } from './config.mjs';
import { bounded, withOwnSocket } from './load.mjs';
import { family } from './proc.mjs';

const OPEN_FILES = 65_536;
const posternProgram = join(import.meta.dirname, '../packages/postern/bin/postern.mjs');

/** The flags of Node in the first line of a program: it is measured with those that its users get. */
function nodeFlagsOf(program) {
  return /^#!\S+ -S node (.*)$/m.exec(readFileSync(program, 'utf8'))?.[1].split(' ') ?? [];
}

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

/** Directives of the command line. Without a word about it nginx has a master, and postern serves alone. */
function globals(kind, { masterProcess = kind !== 'postern' }) {
  return `daemon off;${masterProcess ? '' : ' master_process off;'}`;
}

function nginxCommand(options, directory, setup) {
  const load = options.nginxModule === '' ? '' : `load_module ${options.nginxModule}; `;
  const files = ['-p', directory, '-c', join(directory, 'nginx.conf')];
  return [options.nginx, ...files, '-g', `${load}${globals('nginx', setup)}`];
}

function posternCommand(options, directory, kind, setup) {
  const program = options.postern ?? posternProgram;
  if (!existsSync(program)) throw new Error(`${program} is missing: run "npm run build"`);
  const files = ['-p', directory, '-c', join(directory, 'nginx.conf')];
  const flags = [...nodeFlagsOf(program), ...(setup.nodeFlags ?? [])];
  return [process.execPath, ...flags, program, ...files, '-g', globals(kind, setup)];
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

async function untilGreeted(children, port, tls) {
  for (const until = Date.now() + 10_000; Date.now() < until; await sleep(50)) {
    if (await greeted(port, tls)) return;
    const failure = children.map((child) => child.failure()).find((one) => one !== undefined);
    if (failure !== undefined) throw failure;
  }
  throw new Error(`the proxy has not answered on port ${port} within 10 s`);
}

/**
 * What a proxy is started with beyond the suite's settings.
 * @typedef {object} Setup
 * @property {number} [servers] server blocks of the configuration
 * @property {number} [workers] worker processes
 * @property {boolean} [masterProcess]
 * @property {string} [certificate] of TLS; without it the suite's first one
 * @property {string[]} [nodeFlags] for postern only
 * @property {Record<string, string>} [env]
 */

function clientOptions({ options, suite }, port, servers) {
  const tls = suite.tls ? { tls: options.tlsVersion.replace('.', '') } : {};
  return { port, protocol: suite.protocol, addresses: servers, ...tls };
}

const none = { directories: [], pids: () => [], stop: async () => {} };

/** A place with a configuration; `configure` writes it anew, with what the names of servers begin with. */
function layOut(kind, bench, port, setup) {
  const { suite, auth } = bench;
  const { servers, workers, certificate = bench.certificates?.ecdsa } = setup;
  const directory = mkdtempSync(join(bench.directory, `${kind}-`));
  mkdirSync(join(directory, 'logs'), { recursive: true });
  const what = { protocol: suite.protocol, port, authPort: auth.port, servers, workers };
  const configure = (name) => {
    const text = configuration({ ...what, certificate, name });
    writeFileSync(join(directory, 'nginx.conf'), text);
  };
  configure();
  return { directory, configure };
}

function commandOf(kind, { options }, port, directory, setup) {
  if (kind === 'nginx') return nginxCommand(options, directory, setup);
  const command = posternCommand(options, directory, kind, setup);
  return kind === 'reuseport' ? withOwnSocket(port, command) : command;
}

/**
 * A proxy that has its place and its configuration, and is not started. `client` are the options with which the load
 * generator reaches it; `spawn` starts it and does not wait.
 * @param {'nginx' | 'postern' | 'reuseport'} kind
 * @param {object} bench what openBench() returns
 * @param {Setup} [setup]
 */
export async function prepareProxy(kind, bench, setup = {}) {
  const { servers = 1, workers = 1, env = {} } = setup;
  const port = await freePort();
  const [count, each] = kind === 'reuseport' ? [workers, 1] : [1, workers];
  const places = Array.from({ length: count }, () =>
    layOut(kind, bench, port, { ...setup, workers: each }),
  );
  const spawn = () => {
    const children = places.map(({ directory }) => {
      const command = bounded(OPEN_FILES, commandOf(kind, bench, port, directory, setup));
      return new Child(kind, command, { env: { ...process.env, ...env } });
    });
    return {
      children,
      pids: () => children.flatMap((child) => family(child.pid)),
      stop: async () => {
        await Promise.all(children.map((child) => child.stop('SIGTERM')));
      },
    };
  };
  const directories = places.map(({ directory }) => directory);
  const [{ configure }] = places;
  return { kind, client: clientOptions(bench, port, servers), directories, configure, spawn };
}

/**
 * Starts a proxy in front of the bench's servers and waits for its greeting.
 * @param {'nginx' | 'postern' | 'reuseport' | 'direct'} kind
 * @param {object} bench what openBench() returns
 * @param {Setup} [setup]
 */
export async function startProxy(kind, bench, setup = {}) {
  if (kind === 'direct')
    return { kind, ...none, client: clientOptions(bench, bench.backend.port, 1) };
  const prepared = await prepareProxy(kind, bench, setup);
  const spawned = prepared.spawn();
  // Which of several processes greets is up to the kernel: so many greetings leave none out.
  for (let greetings = kind === 'reuseport' ? 16 : 1; greetings > 0; greetings--) {
    await untilGreeted(spawned.children, prepared.client.port, bench.suite.tls);
  }
  return { ...prepared, ...spawned };
}
