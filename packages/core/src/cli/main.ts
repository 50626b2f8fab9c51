/**
 * The command `postern`: nginx's command line, messages and exit codes.
 * Everything it touches of the process comes in through {@link CommandSetup}, so a test can run it whole.
 */
import { dirname } from 'node:path';
import { StderrTarget } from '../log/stderr-target.js';
import type { AnyModule } from '../module/module.js';
import { type CommandIo, processIo } from './command-io.js';
import { installedModules } from './installed-modules.js';
import { type CommandOptions, readOptions } from './options.js';
import { commandPaths } from './paths.js';
import { problemOf } from './problem.js';
import { type Role, takeRole } from '../process/role.js';
import type { SignalSource } from '../process/signals.js';
import type { SpareWorker } from '../process/spare-worker.js';
import { Start } from './start.js';
import { StartLog } from './start-log.js';
import { buildText, type LocatedModule, usageText, versionText } from './usage.js';

/** What {@link main} is given besides the words. */
export interface CommandSetup {
  readonly io?: CommandIo;
  /** Modules besides core's own. Without them the host package is asked (its manifest, else its dependencies). */
  readonly standard?: readonly AnyModule[];
  /** The package and version shown by `-V` for the modules of `standard`. */
  readonly origin?: { readonly package: string; readonly version: string };
  /** Path of the command as it was called; the host package is looked for from there, then from the working directory. */
  readonly script?: string | undefined;
  readonly signals?: SignalSource;
  /** What this process is there for; without it the environment tells. */
  readonly role?: Role;
  readonly spare?: SpareWorker | undefined;
}

/**
 * Runs the command with the words that follow its name. Resolves with the exit code: at once for `-t`, `-v` and
 * errors, at the end of service otherwise. Never rejects.
 */
export async function main(words: readonly string[], setup: CommandSetup = {}): Promise<number> {
  const io = setup.io ?? processIo;
  const options = readOptions(words);
  if ('refusal' in options) return fail(io, options.refusal);
  if (options.version) {
    const printed = await printVersion(options, setup, io);
    if (printed !== 0 || !options.test) return printed;
  }
  return run(options, words, setup, io);
}

function fail(io: CommandIo, message: string): 1 {
  io.err(`nginx: ${message}\n`);
  return 1;
}

function locate(setup: CommandSetup): readonly LocatedModule[] | undefined {
  return setup.standard?.map((module) => ({ module, origin: setup.origin }));
}

function locateModules(setup: CommandSetup) {
  const script = setup.script === undefined ? [] : [dirname(setup.script)];
  return installedModules({
    standard: locate(setup),
    startDirs: [...script, process.cwd()],
  });
}

/** `-v`, `-V`, `-h`. */
async function printVersion(
  options: CommandOptions,
  setup: CommandSetup,
  io: CommandIo,
): Promise<number> {
  if (options.help) io.err(usageText());
  if (!options.build) {
    if (!options.help) io.err(versionText());
    return 0;
  }
  try {
    const { modules } = await locateModules(setup);
    io.err(buildText(modules));
    return 0;
  } catch (error) {
    const { level, message } = problemOf(error);
    return fail(io, `[${level}] ${message}`);
  }
}

/** `-t`, `-T`, `-s`, or service. */
async function run(
  options: CommandOptions,
  words: readonly string[],
  setup: CommandSetup,
  io: CommandIo,
): Promise<number> {
  const role = setup.role ?? takeRole(process.env);
  const paths = commandPaths(options);
  const stderr = new StderrTarget((text) => io.err(text));
  const isWorker = role === 'worker' && process.send !== undefined;
  const level = options.test ? 'info' : 'notice';
  // A worker opens the logs of the configuration and no other.
  const log = isWorker
    ? new StartLog('stderr', 'emerg', io, stderr)
    : new StartLog(paths.errorLog, level, io, stderr, role === 'daemon');
  const signals = setup.signals ?? process;
  const findModules = () => locateModules(setup);
  const { spare } = setup;
  const parts = { options, words, paths, role, spare, io, log, stderr, signals, findModules };
  const start = new Start(parts);
  try {
    if (options.test) return await start.test();
    if (options.signal !== undefined) return await start.signal(options.signal);
    return isWorker ? await start.worker() : await start.serve();
  } finally {
    await start.close();
  }
}
