/**
 * From a loaded configuration to a serving proxy. The command's one process, its workers and the library all go through
 * here; nothing in mail/ knows which of them it serves.
 */
import type { LoadedConfiguration } from '../config/load.js';
import { mainConf } from '../config/merge.js';
import { Cycle } from '../cycle/cycle.js';
import type { Logger } from '../log/logger.js';
import type { LogTargets } from '../log/log-targets.js';
import { buildServers, checkProtocols } from '../mail/build-servers.js';
import { type FrontOptions, MailFront, plansOf } from '../mail/front.js';
import type { ListenSpec } from '../mail/listen.js';
import type { ConnectionNumbers } from '../net/connection-numbers.js';
import type { WrittenProtocol } from '../mail/server-reading.js';
import { ConnectionSlots } from '../net/slots.js';
import { eventsModule } from './core-module.js';
import { openFilesLimit } from './open-files.js';

/** What a proxy is made of. */
export interface ProxyParts {
  readonly configuration: LoadedConfiguration;
  /** The log of the process. */
  readonly log: Logger;
  /** All open logs, shared between servers. */
  readonly targets: LogTargets;
  /** What was read of `protocol` directives. */
  readonly protocols: readonly WrittenProtocol[];
}

/** What a worker has of its master. */
export interface WorkerShare {
  readonly bound: FrontOptions['bound'];
  readonly numbers: ConnectionNumbers;
}

/** A proxy whose configuration is sound and which has opened nothing yet. */
export interface PreparedProxy {
  /** Stands for the configuration: a key of what its servers share. */
  readonly generation: object;
  /** The sockets it needs, in the order in which nginx opens them. Throws PosternError where they are too many. */
  sockets(): readonly ListenSpec[];
  /**
   * Opens all sockets. Throws PosternError with nginx's sentence; nothing stays open then.
   */
  open(options?: Partial<Pick<FrontOptions, 'test'>>): Promise<RunningProxy>;
  /** {@link open} in a worker. */
  openShared(share: WorkerShare): Promise<RunningProxy>;
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
  const { configuration, targets, protocols } = parts;
  const { acceptMutexDelayMs } = mainConf(configuration.root, eventsModule);
  const cycle = createCycle(parts);
  const listens = buildServers(cycle, targets, protocols);
  const open = (options: Pick<FrontOptions, 'test' | 'bound'>): Promise<RunningProxy> => {
    const limits = { openFiles: openFilesLimit()?.soft, acceptPauseMs: acceptMutexDelayMs };
    return MailFront.open(listens, cycle, { ...options, ...limits });
  };
  return {
    generation: cycle,
    sockets: () => plansOf(listens, cycle).map(({ socket }) => socket),
    open: ({ test = false } = {}) => open({ test, bound: new Map() }),
    openShared: ({ bound, numbers }) => {
      cycle.connections.numbers = numbers;
      // The channel to the master (ngx_worker_process_init).
      cycle.connections.reserve();
      return open({ test: false, bound });
    },
    discard: () => {
      cycle.end();
    },
  };
}

function createCycle({ configuration, log }: ProxyParts): Cycle {
  const { workerConnections } = mainConf(configuration.root, eventsModule);
  return new Cycle({ configuration, log, connections: new ConnectionSlots(workerConnections) });
}

/**
 * Throws the ConfigError that nginx would have met before the end of `parts.configuration`, which is the part of a
 * configuration that stands before an error. `isComplete`: whether it has the whole of `mail {}`.
 */
export function checkRead(parts: ProxyParts, isComplete: boolean): void {
  const cycle = createCycle(parts);
  try {
    if (isComplete) buildServers(cycle, parts.targets, parts.protocols);
    else checkProtocols(cycle, parts.protocols);
  } finally {
    cycle.end();
  }
}
