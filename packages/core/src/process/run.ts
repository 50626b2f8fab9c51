/**
 * From a loaded configuration to a serving proxy. The command's one process, its workers and the library all go through
 * here; nothing in mail/ knows which of them it serves.
 */
import type { LoadedConfiguration } from '../config/load.js';
import { mainConf } from '../config/merge.js';
import { Cycle } from '../cycle/cycle.js';
import type { Logger } from '../log/logger.js';
import type { LogTargets } from '../log/log-targets.js';
import { buildServers } from '../mail/build-servers.js';
import { type FrontOptions, MailFront, plansOf } from '../mail/front.js';
import type { ListenSpec } from '../mail/listen.js';
import { ConnectionSlots } from '../net/slots.js';
import { eventsModule } from './core-module.js';
import { openFilesLimit } from './open-files.js';

/** What a proxy is made of. */
export interface ProxyParts {
  readonly configuration: LoadedConfiguration;
  /** The log of the process. */
  readonly log: Logger;
  /** All open logs, shared between servers. */
  readonly targets: Pick<LogTargets, 'logger'>;
}

/** A proxy whose configuration is sound and which has opened nothing yet. */
export interface PreparedProxy {
  /** The sockets it needs, in the order in which nginx opens them. Throws PosternError where they are too many. */
  sockets(): readonly ListenSpec[];
  /**
   * Opens all sockets. Throws PosternError with nginx's sentence; nothing stays open then.
   */
  open(
    options?: Partial<Pick<FrontOptions, 'test' | 'bound' | 'ownConnections'>>,
  ): Promise<RunningProxy>;
  /** Lets go of what its modules hold, where it is not opened. */
  discard(): void;
}

/** A proxy that accepts clients. */
export interface RunningProxy {
  /** Addresses in normal form, for instance `127.0.0.1:143`, with the ports that the kernel chose. */
  readonly addresses: readonly string[];
  /** Sessions that are open now. */
  readonly sessions: { readonly waiting: number; readonly relayed: number };
  /** Stops accepting; resolves when the last session has ended of itself. */
  drain(): Promise<void>;
  /** Ends relayed sessions, and others once they are to be relayed. */
  shutDown(): void;
  /** Stops accepting and ends every session. */
  stop(): Promise<void>;
}

/** Sets modules up and builds every server. Throws ConfigError. */
export function prepareProxy(parts: ProxyParts): PreparedProxy {
  const { configuration, log, targets } = parts;
  const { workerConnections, acceptMutexDelayMs } = mainConf(configuration.root, eventsModule);
  const connections = new ConnectionSlots(workerConnections);
  const cycle = new Cycle({ configuration, log, connections });
  const listens = buildServers(cycle, targets);
  return {
    sockets: () => plansOf(listens, cycle).map(({ socket }) => socket),
    open: ({ test = false, bound = new Map(), ownConnections = 0 } = {}) => {
      const limits = { openFiles: openFilesLimit()?.soft, acceptPauseMs: acceptMutexDelayMs };
      return MailFront.open(listens, cycle, { test, bound, ownConnections, ...limits });
    },
    discard: () => {
      cycle.end();
    },
  };
}
