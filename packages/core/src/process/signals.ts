/** Signals to a process (ngx_signal_handler in ngx_process.c): what is said of them, and what comes of them. */
import { constants } from 'node:os';
import type { Logger } from '../log/logger.js';

/** Where signals come from: `process`, or an emitter in a test. */
export interface SignalSource {
  on(name: NodeJS.Signals, listener: () => void): unknown;
  off(name: NodeJS.Signals, listener: () => void): unknown;
}

/** What a process does about a signal that it has just received. */
export interface Reaction {
  /** Behind `signal N (NAME) received, `; nothing where it is left out. */
  readonly said?: string;
  readonly act?: () => void;
  /** Whether a second signal of this kind ends the process the system's way. */
  readonly once?: boolean;
}

/** The signals that a process takes; each asked for its reaction when the signal comes. */
export type Reactions = Readonly<Partial<Record<NodeJS.Signals, () => Reaction>>>;

/** Reactions that can be exchanged. */
export interface ChangingReactions {
  /** To listen with, once: who stops and listens anew loses a signal that has come and is not delivered yet. */
  readonly reactions: Reactions;
  /** From here on signals do what `next` says; one that it does not name does nothing. */
  readonly change: (next: Reactions) => void;
}

/** Begins with `first`, whose signals are those that are taken. */
export function changingReactions(first: Reactions): ChangingReactions {
  let current = first;
  const names = Object.keys(first) as NodeJS.Signals[];
  return {
    reactions: Object.fromEntries(names.map((name) => [name, () => current[name]?.() ?? {}])),
    change: (next) => {
      current = next;
    },
  };
}

/** Starts to listen; the function that is returned ends it. */
export function watchSignals(source: SignalSource, log: Logger, reactions: Reactions): () => void {
  const listeners = Object.entries(reactions).map(([signal, react]) => {
    const name = signal as NodeJS.Signals;
    const listener = (): void => {
      const { said, act, once = false } = react();
      const suffix = said === undefined ? '' : `, ${said}`;
      const number = String(constants.signals[name]);
      log.log('notice', `signal ${number} (${name}) received${suffix}`);
      if (once) source.off(name, listener);
      act?.();
    };
    source.on(name, listener);
    return [name, listener] as const;
  });
  return () => {
    for (const [name, listener] of listeners) source.off(name, listener);
  };
}
