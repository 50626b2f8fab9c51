// The C programs: built on demand, started as servers (auth, backend) or as clients around one measurement.
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Child, run } from './children.mjs';

const sources = join(import.meta.dirname, 'load');
const directory = join(import.meta.dirname, '.build');

const FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra'];

/** Two programs, so that a run without TLS needs no OpenSSL to be built. */
const PROGRAMS = {
  plain: { file: join(directory, 'load'), unit: 'tls/absent.c', libraries: [] },
  tls: {
    file: join(directory, 'load-tls'),
    unit: 'tls/openssl.c',
    libraries: ['-lssl', '-lcrypto'],
  },
};

let program = PROGRAMS.plain.file;

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function complaint(stderr) {
  if (!/openssl\/|-lssl|-lcrypto/.test(stderr)) {
    return `the load generator needs a C compiler ("cc"; Debian: apt-get install gcc libc6-dev)`;
  }
  return "the load generator needs OpenSSL's headers and libraries for TLS (Debian: apt-get install libssl-dev)";
}

/**
 * Compiles bench/load when it is newer than the program; throws with the compiler's words.
 * @param {{ tls: boolean }} suite whether clients speak TLS
 */
export async function buildLoad({ tls }) {
  const { file, unit, libraries } = tls ? PROGRAMS.tls : PROGRAMS.plain;
  program = file;
  const names = readdirSync(sources).filter((name) => /\.[ch]$/.test(name));
  const files = [...names, unit].map((name) => join(sources, name));
  if (files.every((source) => modified(source) < modified(program))) return;
  mkdirSync(directory, { recursive: true });
  const units = files.filter((source) => source.endsWith('.c'));
  const { code, stderr } = await run(['cc', ...FLAGS, '-o', program, ...units, ...libraries]);
  if (code !== 0) throw new Error(`${complaint(stderr)}:\n${stderr}`);
}

function start(mode, options) {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return new Child(`load ${mode}`, [program, mode, ...words]);
}

/** A command that may open `files` descriptors and does not outlive this process. */
export function bounded(files, command) {
  return [program, 'run', String(files), ...command];
}

/** A command with a listening socket of its own on a port that others have too (SO_REUSEPORT). */
export function withOwnSocket(port, command) {
  return [program, 'own', String(port), ...command];
}

/** Starts `auth` or `backend` and reads its port. */
export async function startServer(mode, options = {}) {
  const child = start(mode, options);
  const port = Number((await child.line(5000)).split(' ')[1]);
  return { child, port };
}

/** Starts a client and returns when all its sessions are where the mode wants them before "go". */
export async function startClient(mode, options, limitMs = 60_000) {
  const child = start(`client-${mode}`, options);
  await child.line(limitMs);
  return child;
}

/** Lets a prepared client work; its result. */
export async function work(child, limitMs = 120_000) {
  child.send('go');
  return JSON.parse(await child.line(limitMs));
}
