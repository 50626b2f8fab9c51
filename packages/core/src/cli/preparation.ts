/**
 * From the command line's file to a sound configuration, in the order of ngx_init_cycle: read the file, build the servers,
 * check it as a whole. Every process of the command goes through here, at its start and at each reload.
 */
import { checkEvents, type LoadedConfiguration, loadConfiguration } from '../config/load.js';
import { mainConf } from '../config/merge.js';
import { SourceFiles } from '../config/source-files.js';
import type { SourceRef } from '../config/directive.js';
import type { LogTarget } from '../log/error-log.js';
import { fileOrStderr, type LogSpec, withDefaultLog } from '../log/log-spec.js';
import { LogTargets } from '../log/log-targets.js';
import type { Logger } from '../log/logger.js';
import { mail } from '../mail/core-module.js';
import { ServerReading } from '../mail/server-reading.js';
import { createModuleLoader } from '../module/loader.js';
import { coreModule } from '../process/core-module.js';
import { affinityWarning } from '../process/cpu-affinity.js';
import type { Prepared } from '../process/prepared.js';
import { checkRead, prepareProxy, type ProxyParts } from '../process/run.js';
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
}

/** A configuration that was read to its end. */
export interface ReadConfiguration {
  readonly configuration: LoadedConfiguration;
  readonly reading: ServerReading;
}

/** Prepares configurations. */
export class Preparation {
  readonly #parts: PreparationParts;
  #modules: Promise<InstalledModules> | undefined;

  constructor(parts: PreparationParts) {
    this.#parts = parts;
  }

  /** Reads the text and checks it as far as it goes without building servers. Rejects with the first error. */
  async load({ sources = new SourceFiles(), warn }: LoadSteps): Promise<ReadConfiguration> {
    const { options, paths, findModules } = this.#parts;
    this.#modules ??= findModules();
    const { modules, startDir } = await this.#modules;
    const reading = new ServerReading();
    const configuration = await loadConfiguration({
      file: paths.file,
      prefix: paths.prefix,
      ...(options.globals === undefined ? {} : { globals: options.globals }),
      modules: modules.map(({ module }) => module),
      loadModule: createModuleLoader({ prefix: paths.prefix, startDir }),
      sources,
      warn,
      stored: reading.stored,
      closed: reading.closed,
      failed: (read) => {
        const { isComplete, protocols } = reading;
        if (!isComplete && protocols.length === 0) return;
        checkRead(this.#proxyParts({ configuration: read(), reading }), isComplete);
      },
    });
    return { configuration, reading };
  }

  /**
   * Builds the servers, then checks what a configuration as a whole must have; `built` is called in between, where nginx
   * says that the syntax is ok. Throws a PosternError.
   */
  build(read: ReadConfiguration, built: () => void = () => undefined): Prepared {
    const { configuration } = read;
    const parts = this.#proxyParts(read);
    const { cpuAffinity, workerProcesses } = mainConf(configuration.root, coreModule);
    const warning = affinityWarning(cpuAffinity, workerProcesses);
    if (warning !== undefined) parts.log.log('warn', warning);
    const proxy = prepareProxy(parts);
    built();
    checkEvents(configuration);
    proxy.sockets();
    const { targets } = parts;
    const pidPath = this.#pidPath(configuration);
    return { configuration, proxy, targets, logs: this.#logs(configuration), pidPath };
  }

  #proxyParts({ configuration, reading }: ReadConfiguration): ProxyParts {
    const { log, stderr } = this.#parts;
    return { configuration, log, targets: new LogTargets(stderr), protocols: reading.protocols };
  }

  #pidPath({ root }: LoadedConfiguration): string {
    return mainConf(root, coreModule).pid ?? this.#parts.paths.prefix + compiledIn.pid;
  }

  #logs({ root }: LoadedConfiguration): readonly LogSpec[] {
    const fallback = fileOrStderr(this.#parts.paths.errorLog, 'error');
    return withDefaultLog(mainConf(root, mail).errorLog, fallback);
  }
}
