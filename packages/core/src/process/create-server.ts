/** postern as a library: the same proxy as the command's, from a configuration in memory. */
import { checkEvents, loadConfiguration } from '../config/load.js';
import { ErrorLog, type LogTarget } from '../log/error-log.js';
import type { LogLevel } from '../log/levels.js';
import { LogTargets } from '../log/log-targets.js';
import type { Logger } from '../log/logger.js';
import { mail } from '../mail/core-module.js';
import { ServerReading } from '../mail/server-reading.js';
import type { AnyModule } from '../module/module.js';
import { builtInModules } from './built-in-modules.js';
import { mainConf } from '../config/merge.js';
import { openBlockLogs } from './prepared.js';
import { prepareProxy, type RunningProxy } from './run.js';

/** What {@link createServer} takes. */
export interface ServerOptions {
  /** Modules besides the built-in ones: protocols, and modules of your own. */
  readonly modules: readonly AnyModule[];
  /** A configuration in nginx's language: `events {} mail { ... }`. */
  readonly config: string;
  /** Base of relative paths in the configuration, with a trailing slash. Default: the working directory. */
  readonly prefix?: string;
  /** Gets each line of the log of level `logLevel` or more severe, where the configuration names no `error_log`. */
  readonly onLog?: (line: string) => void;
  /** Default `info`. */
  readonly logLevel?: LogLevel;
}

/** A proxy inside your own process. */
export interface Server {
  /** Where clients are accepted, with the ports that the kernel chose for `listen` without a port; empty before `listen`. */
  readonly addresses: readonly string[];
  /** Sessions that are open now. */
  readonly sessions: { readonly waiting: number; readonly relayed: number };
  /** Opens the sockets. Rejects with nginx's sentence when one cannot be opened; nothing stays open then. */
  listen(): Promise<void>;
  /** Stops accepting, ends every session, closes logs. */
  close(): Promise<void>;
}

/**
 * Reads the configuration and makes a proxy of it. Rejects with a ConfigError.
 *
 * @example
 * const server = await createServer({ modules: [imap], config: 'events {} mail { ... }' });
 * await server.listen();
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const targets = new LogTargets();
  const early = earlyLog(options);
  const reading = new ServerReading();
  const configuration = await loadConfiguration({
    file: `${options.prefix ?? ''}configuration`,
    text: options.config,
    prefix: options.prefix ?? '',
    stored: reading.stored,
    closed: reading.closed,
    modules: [...builtInModules, ...options.modules],
    warn: (message, at) => {
      early.log('warn', `${message} in ${at.file ?? 'configuration'}:${String(at.line)}`);
    },
  });
  const { errorLog } = mainConf(configuration.root, mail);
  const log = errorLog.length === 0 ? early : targets.logger(errorLog);
  const prepared = prepareProxy({ configuration, log, targets, protocols: reading.protocols });
  checkEvents(configuration);
  openBlockLogs(configuration.root, targets);
  let running: RunningProxy | undefined;
  return {
    get addresses() {
      return running?.addresses ?? [];
    },
    get sessions() {
      return running?.sessions ?? { waiting: 0, relayed: 0 };
    },
    listen: async () => {
      running ??= await prepared.open();
    },
    close: async () => {
      await running?.stop();
      running = undefined;
      await targets.closeAll();
    },
  };
}

function earlyLog({ onLog, logLevel = 'info' }: ServerOptions): Logger {
  if (onLog === undefined) return new ErrorLog([]);
  const target: LogTarget = {
    write: (line) => {
      onLog(line.trimEnd());
    },
    reopen: () => undefined,
    flushSync: () => undefined,
    close: () => Promise.resolve(),
    dropped: 0,
  };
  return new ErrorLog([{ level: logLevel, target }]);
}
