/** Signals to a process that serves alone (ngx_signal_handler in ngx_process.c). */
import { constants } from 'node:os';
import type { Logger } from '../log/logger.js';

/** Where signals come from: `process`, or an emitter in a test. */
export interface SignalSource {
  on(name: NodeJS.Signals, listener: () => void): unknown;
  off(name: NodeJS.Signals, listener: () => void): unknown;
}

/** What the signals do. */
export interface SignalActions {
  /** TERM, INT, QUIT. A second one ends the process the system's way. */
  end(): void;
  /** USR1. */
  reopen(): void;
}

type Action = keyof SignalActions | 'ignore';

interface Reaction {
  readonly action: Action;
  readonly said: string;
}

const reactions: readonly (readonly [NodeJS.Signals, Reaction])[] = [
  ['SIGTERM', { action: 'end', said: 'exiting' }],
  ['SIGINT', { action: 'end', said: 'exiting' }],
  ['SIGQUIT', { action: 'end', said: 'shutting down' }],
  // Node starts its inspector on USR1 unless somebody listens.
  ['SIGUSR1', { action: 'reopen', said: 'reopening logs' }],
  ['SIGHUP', { action: 'ignore', said: 'ignoring: reload comes with the master process' }],
  ['SIGUSR2', { action: 'ignore', said: 'ignoring: upgrade comes with the master process' }],
  ['SIGWINCH', { action: 'ignore', said: 'ignoring' }],
];

/** Starts to listen; the function that is returned ends it. */
export function watchSignals(
  source: SignalSource,
  log: Logger,
  actions: SignalActions,
): () => void {
  const listeners = reactions.map(([name, { action, said }]) => {
    const listener = () => {
      const number = String(constants.signals[name]);
      log.log('notice', `signal ${number} (${name}) received, ${said}`);
      if (action === 'end') source.off(name, listener);
      if (action !== 'ignore') actions[action]();
    };
    source.on(name, listener);
    return [name, listener] as const;
  });
  return () => {
    for (const [name, listener] of listeners) source.off(name, listener);
  };
}
