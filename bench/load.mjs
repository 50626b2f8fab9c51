// The C programs: built on demand, started as servers (auth, backend) or as clients around one measurement.
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Child, run } from './children.mjs';

const sources = join(import.meta.dirname, 'load');
const directory = join(import.meta.dirname, '.build');
const program = join(directory, 'load');

const FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra'];

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Compiles bench/load when it is newer than the program; throws with the compiler's words. */
export async function buildLoad() {
  const files = readdirSync(sources).map((name) => join(sources, name));
  if (files.every((file) => modified(file) < modified(program))) return;
  mkdirSync(directory, { recursive: true });
  const units = files.filter((file) => file.endsWith('.c'));
  const { code, stderr } = await run(['cc', ...FLAGS, '-o', program, ...units]);
  if (code !== 0) throw new Error(`the load generator needs a C compiler ("cc"):\n${stderr}`);
}

function start(mode, options) {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return new Child(`load ${mode}`, [program, mode, ...words]);
}

/** A command that may open `files` descriptors and does not outlive this process. */
export function bounded(files, command) {
  return [program, 'run', String(files), ...command];
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
