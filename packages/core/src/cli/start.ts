/**
 * From the command line to a running proxy: a test, a signal to the master that runs, or service as master, as one
 * process, or as the worker of a master. The first error ends it with exit code 1.
 */
import { dumpFiles } from '../config/dump.js';
import type { SourceRef } from '../config/directive.js';
import { mainConf } from '../config/merge.js';
import type { LogTarget } from '../log/error-log.js';
import { coreModule } from '../process/core-module.js';
import { launchDaemon, tellLauncher } from '../process/daemon.js';
import { type Inheritance, inheritSockets } from '../process/inherited-sockets.js';
import { Master } from '../process/master.js';
import { growSlowly } from '../process/node-flags.js';
import { testPidFile } from '../process/pid-file.js';
import { openLogs, type Prepared, settingsOf } from '../process/prepared.js';
import { workerAccount } from '../process/privileges.js';
import { ServiceManager } from '../process/readiness.js';
import type { Role } from '../process/role.js';
import { selfCommand } from '../process/self-command.js';
import { signalMaster } from '../process/signal-master.js';
import {
  changingReactions,
  type Reactions,
  type SignalSource,
  watchSignals,
} from '../process/signals.js';
import { Single } from '../process/single.js';
import type { SpareWorker } from '../process/spare-worker.js';
import { redirectStandardError } from '../process/standard-error.js';
import { logSystem, warnOfOpenFiles } from '../process/system-log.js';
import { runWorker } from '../process/worker.js';
import type { CommandIo } from './command-io.js';
import type { CommandOptions, SignalName } from './options.js';
import type { CommandPaths } from './paths.js';
import { type FindModules, Preparation } from './preparation.js';
import { located, problemOf } from './problem.js';
import type { StartLog } from './start-log.js';
import { productName } from './usage.js';

/** What a start is made of. */
export interface StartParts {
  readonly options: CommandOptions;
  /** The words of the command line, for processes that are started like this one. */
  readonly words: readonly string[];
  readonly paths: CommandPaths;
  readonly role: Role;
  /** A worker that was started beside this process. */
  readonly spare: SpareWorker | undefined;
  readonly io: CommandIo;
  readonly log: StartLog;
  /** What `error_log stderr` means. */
  readonly stderr: LogTarget;
  readonly signals: SignalSource;
  readonly findModules: FindModules;
}

/** One start of the command. */
export class Start {
  readonly #parts: StartParts;
  readonly #preparation: Preparation;
  /** The process that started this one. */
  readonly #parent = process.ppid;
  readonly #manager = new ServiceManager(process.env);
  #prepared: Prepared | undefined;

  constructor(parts: StartParts) {
    this.#parts = parts;
    this.#preparation = new Preparation(parts);
  }

  /** `-t` and `-T`: everything that a start does, up to the first client; the exit code. */
  async test(): Promise<number> {
    const { io, options, paths } = this.#parts;
    try {
      const prepared = await this.#prepareTest();
      await workerAccount(settingsOf(prepared).user);
      testPidFile(prepared.pidPath);
      await this.#use(prepared);
      const running = await prepared.proxy.open({ test: true });
      await running.stop();
      warnOfOpenFiles(prepared.configuration, this.#parts.log);
      if (!options.quiet) io.err(`nginx: configuration file ${paths.file} test is successful\n`);
      if (options.dump) await io.out(dumpFiles(prepared.configuration.files));
      return 0;
    } catch (error) {
      this.#report(error);
      io.err(`nginx: configuration file ${paths.file} test failed\n`);
      return 1;
    }
  }

  /** `-s`: the exit code. The configuration must be sound, as in nginx; it is for the name of the pid file. */
  async signal(name: SignalName): Promise<number> {
    try {
      const prepared = this.#preparation.build(await this.#preparation.load({ warn: this.#warn }));
      return signalMaster(name, prepared.pidPath, this.#parts.log);
    } catch (error) {
      this.#report(error);
      return 1;
    }
  }

  /** Serves until a signal ends it, or has a daemon do so; the exit code. */
  async serve(): Promise<number> {
    const { log, signals } = this.#parts;
    const ending = new AbortController();
    const { reactions, change } = changingReactions(whileStarting(ending));
    const unwatch = watchSignals(signals, log, reactions);
    try {
      return await this.#serve(ending.signal, change);
    } catch (error) {
      this.#report(error);
      return 1;
    } finally {
      this.#parts.spare?.dismiss();
      unwatch();
    }
  }

  /** Serves as a worker; the exit code. */
  worker(): Promise<number> {
    const { log, signals } = this.#parts;
    return runWorker({
      log,
      signals,
      channel: process,
      explain: (error) => problemOf(error).message,
      prepare: async (sources) => {
        // The master has warned already.
        const read = await this.#preparation.load({ sources, warn: () => undefined });
        this.#prepared = this.#preparation.build(read);
        return this.#prepared;
      },
    });
  }

  /** Writes and closes all logs. */
  async close(): Promise<void> {
    await this.#parts.log.close();
    await this.#prepared?.targets.closeAll();
  }

  async #serve(ending: AbortSignal, react: (reactions: Reactions) => void): Promise<number> {
    const { role, words } = this.#parts;
    if (role === 'daemon') process.umask(0);
    const isUpgrade = role === 'command' && process.env['NGINX'] !== undefined;
    // nginx takes them over before it reads the configuration.
    const inheritance = isUpgrade ? inheritSockets(process.env, this.#parts.log) : undefined;
    const warnings: [string, SourceRef][] = [];
    const read = await this.#preparation
      .load({ warn: (...warning) => warnings.push(warning) })
      .catch((error: unknown) => {
        for (const warning of warnings) this.#warn(...warning);
        throw error;
      });
    const { daemon, masterProcess } = mainConf(read.configuration.root, coreModule);
    if (daemon && role === 'command' && !isUpgrade) {
      // It reads the file again, and says what there is to say.
      return launchDaemon(selfCommand(words), ending);
    }
    for (const warning of warnings) this.#warn(...warning);
    const prepared = this.#preparation.build(read);
    this.#prepared = prepared;
    await this.#use(prepared);
    if (ending.aborted) return 0;
    const server = masterProcess ? this.#master(inheritance) : this.#single();
    react(server.reactions);
    await server.run(prepared, () => {
      this.#serving(prepared);
    });
    return 0;
  }

  #single(): Single {
    return new Single({
      log: this.#parts.log,
      manager: this.#manager,
      announce: this.#announce,
      reopened: this.#redirect,
    });
  }

  #master(handedDown: Inheritance | undefined): Master {
    const { log, role, spare, words } = this.#parts;
    process.title = `nginx: master process ${process.argv.slice(1).join(' ')}`;
    const inheritance = handedDown ?? inheritSockets(process.env, log);
    return new Master({
      log,
      inheritance,
      manager: this.#manager,
      announce: this.#announce,
      reopened: this.#redirect,
      command: selfCommand(words),
      spare,
      isDaemon: role === 'daemon' || inheritance.isUpgrade,
      hasFirstParent: () => process.ppid === this.#parent,
      report: (error) => {
        this.#report(error);
      },
      prepare: async (sources) => {
        return this.#preparation.build(await this.#preparation.load({ sources, warn: this.#warn }));
      },
    });
  }

  /** Clients are served: who waits for that is told. */
  #serving(prepared: Prepared): void {
    const { log, spare } = this.#parts;
    log.started();
    growSlowly();
    spare?.dismiss();
    this.#redirect(prepared);
    if (this.#parts.role === 'daemon') tellLauncher(process);
    this.#manager.ready();
  }

  readonly #announce = (): void => {
    logSystem(productName(), this.#parts.log);
  };

  /** The terminal of a daemon is somebody else's. */
  readonly #redirect = ({ logs }: Prepared): void => {
    if (this.#parts.role === 'daemon') redirectStandardError(logs);
  };

  /** Reads the configuration and builds the servers. Says "syntax is ok" where nginx does. */
  async #prepareTest(): Promise<Prepared> {
    const { io, options, paths } = this.#parts;
    const read = await this.#preparation.load({ warn: this.#warn });
    this.#prepared = this.#preparation.build(read, () => {
      if (options.quiet) return;
      io.err(`nginx: the configuration file ${paths.file} syntax is ok\n`);
    });
    return this.#prepared;
  }

  #use(prepared: Prepared): Promise<void> {
    return this.#parts.log.use(openLogs(prepared), prepared.logs);
  }

  readonly #warn = (message: string, at: SourceRef): void => {
    this.#parts.log.log('warn', located(message, at));
  };

  #report(error: unknown): void {
    const { level, message, help } = problemOf(error);
    this.#parts.log.log(level, message);
    if (help !== undefined) this.#parts.io.err(`nginx: help: ${help}\n`);
  }
}

/** Until it is known who serves, a signal can only end the start. */
function whileStarting(ending: AbortController): Reactions {
  const end = (said: string) => () => ({
    said,
    once: true,
    act: () => {
      ending.abort();
    },
  });
  return {
    SIGTERM: end('exiting'),
    SIGINT: end('exiting'),
    SIGQUIT: end('shutting down'),
    // Node starts its inspector on USR1 unless somebody listens.
    SIGUSR1: () => ({ said: 'ignoring' }),
    SIGHUP: () => ({ said: 'ignoring' }),
    SIGUSR2: () => ({ said: 'ignoring' }),
    SIGWINCH: () => ({ said: 'ignoring' }),
  };
}
