/**
 * From the command line to a running proxy, in the order of ngx_init_cycle: read the file, check it as a whole, test
 * or write the pid file, open logs, open sockets. The first error ends it with exit code 1.
 */
import { once } from 'node:events';
import { release, type } from 'node:os';
import { dumpFiles } from '../config/dump.js';
import { type LoadedConfiguration, loadConfiguration } from '../config/load.js';
import { mainConf, setAt } from '../config/merge.js';
import type { LogTarget } from '../log/error-log.js';
import { errnoText } from '../log/errno.js';
import { fileOrStderr, withDefaultLog } from '../log/log-spec.js';
import { LogTargets } from '../log/log-targets.js';
import { checkServer } from '../mail/build-servers.js';
import { mail } from '../mail/core-module.js';
import { createModuleLoader } from '../module/loader.js';
import { coreModule } from '../process/core-module.js';
import { removePidFile, testPidFile, writePidFile } from '../process/pid-file.js';
import { type PreparedProxy, prepareProxy } from '../process/run.js';
import type { CommandIo } from './command-io.js';
import type { InstalledModules } from './installed-modules.js';
import type { CommandOptions } from './options.js';
import { type CommandPaths, compiledIn } from './paths.js';
import { located, problemOf } from './problem.js';
import { type SignalSource, watchSignals } from './signals.js';
import type { StartLog } from './start-log.js';
import { productName } from './usage.js';

const longestTimerMs = 0x7fff_ffff;

/** What a start is made of. */
export interface StartParts {
  readonly options: CommandOptions;
  readonly paths: CommandPaths;
  readonly io: CommandIo;
  readonly log: StartLog;
  /** What `error_log stderr` means. */
  readonly stderr: LogTarget;
  readonly signals: SignalSource;
}

/** Finds the modules; called where an error is told like one of the configuration. */
export type FindModules = () => Promise<InstalledModules>;

/** A configuration that is sound, with nothing but its servers' logs open. */
interface Ready {
  readonly configuration: LoadedConfiguration;
  readonly proxy: PreparedProxy;
  readonly pid: string;
}

/** Directives about worker processes, and the slots that hold their values. */
const workerDirectives = [
  ['env', 'env'],
  ['working_directory', 'workingDirectory'],
  ['worker_priority', 'priority'],
  ['worker_shutdown_timeout', 'shutdownTimeoutMs'],
] as const;

/** One start of the command. */
export class Start {
  readonly #parts: StartParts;
  readonly #targets: LogTargets;

  constructor(parts: StartParts) {
    this.#parts = parts;
    this.#targets = new LogTargets(parts.stderr);
  }

  /** `-t` and `-T`: everything that a start does, up to the first client; the exit code. */
  async test(findModules: FindModules): Promise<number> {
    const { io, options, paths } = this.#parts;
    try {
      const ready = await this.#prepare(findModules);
      testPidFile(ready.pid);
      await this.#openLogs(ready.configuration);
      const running = await ready.proxy.open({ test: true });
      await running.stop();
      if (!options.quiet) io.err(`nginx: configuration file ${paths.file} test is successful\n`);
      if (options.dump) await io.out(dumpFiles(ready.configuration.files));
      return 0;
    } catch (error) {
      this.#report(error);
      io.err(`nginx: configuration file ${paths.file} test failed\n`);
      return 1;
    }
  }

  /** Serves until a signal ends it; the exit code. */
  async serve(findModules: FindModules): Promise<number> {
    const { log, signals } = this.#parts;
    const ending = new AbortController();
    const ended = once(ending.signal, 'abort');
    const unwatch = watchSignals(signals, log, {
      end: () => {
        ending.abort();
      },
      reopen: () => {
        this.#reopen();
      },
    });
    // Listening for signals keeps no process alive, and a configuration need not have servers.
    const life = setInterval(() => undefined, longestTimerMs);
    try {
      await this.#run(findModules, ended);
      return 0;
    } catch (error) {
      this.#report(error);
      return 1;
    } finally {
      clearInterval(life);
      unwatch();
    }
  }

  /** Writes and closes all logs. */
  async close(): Promise<void> {
    await this.#parts.log.close();
    await this.#targets.closeAll();
  }

  async #run(findModules: FindModules, ended: Promise<unknown>): Promise<void> {
    const { log } = this.#parts;
    const ready = await this.#prepare(findModules);
    await this.#openLogs(ready.configuration);
    this.#warnOfOneProcess(ready.configuration);
    const running = await ready.proxy.open();
    try {
      await this.#keepPidFile(ready.pid, async () => {
        this.#logSystem();
        log.started();
        await ended;
      });
    } finally {
      await running.stop();
    }
    log.log('notice', 'exit');
  }

  /** Says what a configuration asks of master and workers that one process does not do. */
  #warnOfOneProcess(configuration: LoadedConfiguration): void {
    const { log } = this.#parts;
    const { user, workerProcesses } = mainConf(configuration.root, coreModule);
    for (const [directive, slot] of workerDirectives) {
      if (setAt(configuration.root, coreModule, slot) === undefined) continue;
      log.log('warn', `"${directive}" is not applied: there are no worker processes`);
    }
    if (workerProcesses !== 1) {
      log.log('warn', '"worker_processes" is not applied: one process serves all clients');
    }
    if (user !== undefined && process.getuid?.() === 0) {
      log.log('warn', '"user" is not applied: the process keeps the rights it was started with');
    }
  }

  /** The pid file is there while `serving` is under way. */
  async #keepPidFile(path: string, serving: () => Promise<void>): Promise<void> {
    writePidFile(path);
    try {
      await serving();
    } finally {
      const error = removePidFile(path);
      if (error !== undefined) {
        this.#parts.log.log('alert', `unlink() "${path}" failed (${errnoText(error)})`);
      }
    }
  }

  /** What ngx_os_status says at start. */
  #logSystem(): void {
    const { log } = this.#parts;
    log.log('notice', productName());
    log.log('notice', `built by Node.js ${process.version}`);
    log.log('notice', `OS: ${type()} ${release()}`);
  }

  /** Reads the configuration and builds the servers. Says "syntax is ok" where nginx does. */
  async #prepare(findModules: FindModules): Promise<Ready> {
    const { log, options, paths } = this.#parts;
    const { modules, startDir } = await findModules();
    let parsed = false;
    try {
      const configuration = await loadConfiguration({
        file: paths.file,
        prefix: paths.prefix,
        ...(options.globals === undefined ? {} : { globals: options.globals }),
        modules: modules.map(({ module }) => module),
        loadModule: createModuleLoader({ prefix: paths.prefix, startDir }),
        warn: (message, at) => {
          log.log('warn', located(message, at));
        },
        closed: checkServer,
        parsed: () => {
          parsed = true;
        },
      });
      // nginx merges servers while it parses, so their errors come before "syntax is ok".
      parsed = false;
      const proxy = prepareProxy({ configuration, log, targets: this.#targets });
      parsed = true;
      return { configuration, proxy, pid: this.#pidPath(configuration) };
    } finally {
      if (parsed && options.test && !options.quiet) {
        this.#parts.io.err(`nginx: the configuration file ${paths.file} syntax is ok\n`);
      }
    }
  }

  #pidPath(configuration: LoadedConfiguration): string {
    return (
      mainConf(configuration.root, coreModule).pid ?? this.#parts.paths.prefix + compiledIn.pid
    );
  }

  async #openLogs(configuration: LoadedConfiguration): Promise<void> {
    const fallback = fileOrStderr(this.#parts.paths.errorLog, 'error');
    const specs = withDefaultLog(mainConf(configuration.root, mail).errorLog, fallback);
    await this.#parts.log.use(this.#targets.logger(specs), specs);
  }

  #reopen(): void {
    for (const failure of this.#targets.reopenAll()) this.#parts.log.log('emerg', failure);
  }

  #report(error: unknown): void {
    const { message, help } = problemOf(error);
    this.#parts.log.log('emerg', message);
    if (help !== undefined) this.#parts.io.err(`nginx: help: ${help}\n`);
  }
}
