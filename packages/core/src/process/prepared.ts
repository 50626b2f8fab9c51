/** A configuration that is sound: what a process of any kind goes on from. */
import type { LoadedConfiguration } from '../config/load.js';
import { mainConf, serverConf } from '../config/merge.js';
import type { Scope } from '../config/scope.js';
import type { LogSpec } from '../log/log-spec.js';
import type { LogTargets } from '../log/log-targets.js';
import type { Logger } from '../log/logger.js';
import type { SourceFiles } from '../config/source-files.js';
import { mail } from '../mail/core-module.js';
import type { MainOf } from '../module/module.js';
import { coreModule } from './core-module.js';
import type { PreparedProxy } from './run.js';

/** What came of reading a configuration. Nothing is open yet. */
export interface Prepared {
  readonly configuration: LoadedConfiguration;
  readonly proxy: PreparedProxy;
  /** The logs that are open for it; see {@link openLogs}. */
  readonly targets: LogTargets;
  /** The logs of the process. */
  readonly logs: readonly LogSpec[];
  readonly pidPath: string;
}

/** Reads the configuration anew; what it asks for outside its text goes through `sources`. Rejects with the first error. */
export type Prepare = (sources: SourceFiles) => Promise<Prepared>;

/** The log of a process, which is another one with each configuration. */
export interface ProcessLog extends Logger {
  /** From here on lines go to `logger`, which was made of `specs`. */
  use(logger: Logger, specs: readonly LogSpec[]): Promise<void>;
  /** Start-up is over: standard error gets no more copies. */
  started(): void;
}

/** What the main level says of processes. */
export function settingsOf({ configuration }: Prepared): MainOf<typeof coreModule> {
  return mainConf(configuration.root, coreModule);
}

/**
 * Opens every log that the configuration names, also those that no server uses (ngx_conf_open_file), the default one
 * last; gives the log of the process. Throws ConfigError where one cannot be opened.
 */
export function openLogs({ configuration: { root }, targets, logs }: Prepared): Logger {
  if (mainConf(root, mail).errorLog.length > 0) targets.logger(logs);
  openBlockLogs(root, targets);
  return targets.logger(logs);
}

/** Opens the logs of `mail {}` and of its servers. Throws ConfigError. */
export function openBlockLogs(root: Scope, targets: LogTargets): void {
  for (const block of root.children.filter(({ level }) => level === 'mail')) {
    for (const scope of [block, ...block.children])
      targets.logger(serverConf(scope, mail).errorLog);
  }
}

/** Lets go of what a configuration holds in a process that does not serve with it any more. */
export async function discard({ proxy, targets }: Prepared): Promise<void> {
  proxy.discard();
  await targets.closeAll();
}
