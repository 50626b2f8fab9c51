/**
 * From the command line's file to a sound configuration, in the order of ngx_init_cycle: read the file, check it as a
 * whole, build the servers. Every process of the command goes through here, at its start and at each reload.
 */
import { type LoadedConfiguration, loadConfiguration } from '../config/load.js';
import { mainConf } from '../config/merge.js';
import { SourceFiles } from '../config/source-files.js';
import type { SourceRef } from '../config/directive.js';
import { ErrorLog, type LogTarget } from '../log/error-log.js';
import { fileOrStderr, type LogSpec, withDefaultLog } from '../log/log-spec.js';
import { LogTargets } from '../log/log-targets.js';
import type { Logger } from '../log/logger.js';
import { checkServer } from '../mail/build-servers.js';
import { mail } from '../mail/core-module.js';
import { createModuleLoader } from '../module/loader.js';
import { coreModule } from '../process/core-module.js';
import type { Prepared } from '../process/prepared.js';
import { prepareProxy } from '../process/run.js';
import type { InstalledModules } from './installed-modules.js';
import type { CommandOptions } from './options.js';
import { type CommandPaths, compiledIn } from './paths.js';

/** Finds the modules; called where an error is told like one of the configuration. */
export type FindModules = () => Promise<InstalledModules>;

/** What is the same for every configuration of a process. */
export interface PreparationParts {
  readonly options: CommandOptions;
  readonly paths: CommandPaths;
  readonly log: Logger;
  /** What `error_log stderr` means. */
  readonly stderr: LogTarget;
  readonly findModules: FindModules;
}

/** How one configuration is read. */
export interface LoadSteps {
  readonly sources?: SourceFiles;
  readonly warn: (message: string, at: SourceRef) => void;
  /** Called when all text is read. */
  readonly parsed?: () => void;
}

/** What came of reading a configuration for `-t`. */
export interface Tested {
  readonly prepared: Prepared;
  /** Opens all logs. Throws a ConfigError where one cannot be opened. */
  readonly openLogs: () => void;
}

/** Prepares configurations. */
export class Preparation {
  readonly #parts: PreparationParts;
  #modules: Promise<InstalledModules> | undefined;

  constructor(parts: PreparationParts) {
    this.#parts = parts;
  }

  /** Reads the text and checks it as far as it goes without building servers. Rejects with the first error. */
  async load({
    sources = new SourceFiles(),
    warn,
    parsed,
  }: LoadSteps): Promise<LoadedConfiguration> {
    const { options, paths, findModules } = this.#parts;
    this.#modules ??= findModules();
    const { modules, startDir } = await this.#modules;
    return loadConfiguration({
      file: paths.file,
      prefix: paths.prefix,
      ...(options.globals === undefined ? {} : { globals: options.globals }),
      modules: modules.map(({ module }) => module),
      loadModule: createModuleLoader({ prefix: paths.prefix, startDir }),
      sources,
      warn,
      closed: checkServer,
      ...(parsed === undefined ? {} : { parsed }),
    });
  }

  /** Builds the servers and opens their logs. Throws ConfigError, and PosternError for too few connections. */
  build(configuration: LoadedConfiguration): Prepared {
    const targets = new LogTargets(this.#parts.stderr);
    const prepared = this.#build(configuration, targets, targets);
    prepared.proxy.sockets();
    return prepared;
  }

  /** Builds the servers; their logs are opened when all text is known to be right. Throws ConfigError. */
  buildForTest(configuration: LoadedConfiguration): Tested {
    const targets = new LogTargets(this.#parts.stderr);
    const wanted: (readonly LogSpec[])[] = [this.#logs(configuration)];
    const silent = new ErrorLog([]);
    const logger = (specs: readonly LogSpec[]): Logger => {
      wanted.push(specs);
      return silent;
    };
    const openLogs = (): void => {
      for (const specs of wanted) targets.logger(specs);
    };
    return { prepared: this.#build(configuration, targets, { logger }), openLogs };
  }

  #build(
    configuration: LoadedConfiguration,
    targets: LogTargets,
    ofServers: Pick<LogTargets, 'logger'>,
  ): Prepared {
    const { log } = this.#parts;
    const proxy = prepareProxy({ configuration, log, targets: ofServers });
    const pidPath = this.pidPath(configuration);
    return { configuration, proxy, targets, logs: this.#logs(configuration), pidPath };
  }

  /** The name of the pid file. */
  pidPath({ root }: LoadedConfiguration): string {
    return mainConf(root, coreModule).pid ?? this.#parts.paths.prefix + compiledIn.pid;
  }

  #logs({ root }: LoadedConfiguration): readonly LogSpec[] {
    const fallback = fileOrStderr(this.#parts.paths.errorLog, 'error');
    return withDefaultLog(mainConf(root, mail).errorLog, fallback);
  }
}
