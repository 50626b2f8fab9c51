/** Starts programs for the other scripts: with their output collected, or on the terminal. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The top folder of the repository. */
export const root = resolve(import.meta.dirname, '..');

/**
 * Runs a program to its end in the top folder. It gets no standard input, so nothing can wait for an answer.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, show?: boolean }} [options] `show` gives it the terminal.
 * @returns {Promise<{ code: number, output: string, stdout: string }>} `output` is both streams as they came.
 */
export function run(command, args, { cwd = root, env = {}, show = false } = {}) {
  return new Promise((done) => {
    const stdio = show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio });
    const all = [];
    const out = [];
    child.stdout?.on('data', (chunk) => {
      all.push(chunk);
      out.push(chunk);
    });
    child.stderr?.on('data', (chunk) => all.push(chunk));
    const finish = (code) =>
      done({ code, output: Buffer.concat(all).toString(), stdout: Buffer.concat(out).toString() });
    child.on('error', (error) => {
      all.push(Buffer.from(`${command}: ${error.message}\n`));
      finish(127);
    });
    child.on('close', (code) => finish(code ?? 1));
  });
}

/** Runs the npm that started this script, else the one on the path. */
export function npm(args, options) {
  const cli = process.env['npm_execpath'];
  return cli?.endsWith('.js')
    ? run(process.execPath, [cli, ...args], options)
    : run('npm', args, options);
}

/** Runs the command of an installed development dependency, for instance `tool('eslint', 'eslint', ['.'])`. */
export function tool(packageName, command, args, options) {
  const manifest = join(root, 'node_modules', packageName, 'package.json');
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  const file = join(dirname(manifest), typeof bin === 'string' ? bin : bin[command]);
  return run(process.execPath, [file, ...args], options);
}
