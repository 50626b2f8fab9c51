/** What a process says of its system when it starts (ngx_event_module_init and ngx_os_status). */
import { release, type } from 'node:os';
import { mainConf } from '../config/merge.js';
import type { LoadedConfiguration } from '../config/load.js';
import type { Logger } from '../log/logger.js';
import { coreModule, eventsModule } from './core-module.js';
import { nativeEventMethod } from './event-codecs.js';
import { openFilesLimit } from './open-files.js';

/** The lines that come with each configuration. */
export function logEvents(configuration: LoadedConfiguration, log: Logger): void {
  log.log('notice', `using the "${nativeEventMethod}" event method`);
  warnOfOpenFiles(configuration, log);
}

/** Warns where neither this process nor `worker_rlimit_nofile` lets a worker have its `worker_connections`. */
export function warnOfOpenFiles({ root }: LoadedConfiguration, log: Logger): void {
  const { workerConnections } = mainConf(root, eventsModule);
  const own = openFilesLimit()?.soft ?? Infinity;
  const limit = mainConf(root, coreModule).rlimitNofile ?? own;
  if (workerConnections <= own || workerConnections <= limit) return;
  const text = `${String(workerConnections)} worker_connections exceed open file resource limit`;
  log.log('warn', `${text}: ${String(limit)}`);
}

/** The lines of a start. `product` is the name and version of the program. */
export function logSystem(product: string, log: Logger): void {
  log.log('notice', product);
  log.log('notice', `built by Node.js ${process.version}`);
  log.log('notice', `OS: ${type()} ${release()}`);
  const limit = openFilesLimit();
  if (limit === undefined) return;
  log.log('notice', `getrlimit(RLIMIT_NOFILE): ${String(limit.soft)}:${String(limit.hard)}`);
}
