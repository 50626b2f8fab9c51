/**
 * The module interface: one descriptor declares a module's directives, what it derives from them, its state per
 * session, the hooks it owns and its taps. The descriptor is the typed key to all of them, as in nginx.
 */
import type {
  Directives,
  MainConfiguration,
  ServerConfiguration,
  SourceRef,
} from '../config/directive.js';
import type { Logger } from '../log/logger.js';
import type { OwnAddresses } from '../net/own-addresses.js';
import type { ConnectionSlots } from '../net/slots.js';

/** The version of the module interface. A module made for another one is refused. */
export const moduleApi = 1;

/** The name, version and place of a module that came from a package; shown by `postern -V`. */
export interface ModuleOrigin {
  readonly package: string;
  readonly version: string;
}

/** What `derive` may use: the server block it works for. */
export interface DeriveContext {
  /** The position of the `server {` line. */
  readonly at: SourceRef;
  /** The protocol's name, for instance `imap`. */
  readonly protocol: string;
  readonly serverName: string;
  /** Stands for the configuration generation: a key of what its servers share. */
  readonly generation: object;
  /** The configuration of another module of the same server. */
  conf<M extends AnyModule>(module: M): ConfOf<M>;
  /** A ConfigError at the server block. */
  error(message: string, help?: string): Error;
}

/** What `setup` is given: the way to the hooks and main configuration of this configuration generation. */
export interface CycleSetup {
  /** The hooks that `module` owns. Tap them here and nowhere else. */
  hooks<M extends AnyModule>(module: M): HooksOf<M>;
  /** The process-wide configuration of `module`. */
  main<M extends AnyModule>(module: M): MainOf<M>;
  /** Whether `module` is part of this build. */
  has(module: AnyModule): boolean;
  /** The log of the process. */
  readonly log: Logger;
  /** Slots of `worker_connections`; a module that opens a socket takes one. */
  readonly connections: ConnectionSlots;
  /** Where the process accepts clients; a module that connects to backends connects to none of these. */
  readonly listening: OwnAddresses;
  /** Runs when the cycle ends: after a reload has drained it, or at exit. */
  onEnd(release: () => void): void;
}

/** A module. Made by {@link defineModule}; the type parameters are read through the `*Of` helpers. */
export interface Module<
  D extends Directives = Directives,
  Derived extends object = object,
  State extends object = object,
  Hooks extends object = object,
> {
  readonly name: string;
  readonly api: number;
  readonly requires: readonly AnyModule[];
  readonly before: readonly string[];
  readonly directives: D;
  derive?(conf: ServerConfiguration<D>, context: DeriveContext): Derived;
  session?(): State;
  hooks?(): Hooks;
  setup?(cycle: CycleSetup): unknown;
}

/** Variance alias: a module of any shape. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one alias that must accept every module
export type AnyModule = Module<any, any, any, any>;

/** The configuration per server of a module, derived values included. */
export type ConfOf<M extends AnyModule> =
  M extends Module<infer D, infer Derived, infer _State, infer _Hooks>
    ? ServerConfiguration<D> & Readonly<Derived>
    : never;

/** The process-wide configuration of a module. */
export type MainOf<M extends AnyModule> =
  M extends Module<infer D, infer _Derived, infer _State, infer _Hooks>
    ? MainConfiguration<D>
    : never;

/** The state per session of a module. */
export type StateOf<M extends AnyModule> =
  M extends Module<infer _D, infer _Derived, infer State, infer _Hooks> ? State : never;

/** The hooks a module owns. */
export type HooksOf<M extends AnyModule> =
  M extends Module<infer _D, infer _Derived, infer _State, infer Hooks> ? Hooks : never;

/** What {@link defineModule} takes. */
export interface ModuleDefinition<
  D extends Directives,
  Derived extends object,
  State extends object,
  Hooks extends object,
> {
  /** nginx's way of naming: `mail_imap`. */
  readonly name: string;
  /** {@link moduleApi}. */
  readonly api: number;
  /** Modules that must be present; they are set up earlier. */
  readonly requires?: readonly AnyModule[];
  /** Names of modules that must come later, where both are present. */
  readonly before?: readonly string[];
  readonly directives?: D;
  /**
   * Computed after inheritance, like the tail of nginx's merge functions: once per server; where it takes no `context`,
   * once for all servers that share a configuration.
   */
  derive?(conf: ServerConfiguration<NoInfer<D>>, context: DeriveContext): Derived;
  /** The module's own state of one session; made when it is first asked for. */
  session?(): State;
  /** Hooks that other modules may tap. Made once per cycle, guarded and sealed. */
  hooks?(): Hooks;
  /** Taps hooks. Called once per cycle, after the configuration is read. */
  setup?(cycle: CycleSetup): void;
}

/**
 * Declares a module.
 *
 * @example
 * export const motto = defineModule({
 *   name: 'motto',
 *   api: 1,
 *   requires: [mail],
 *   directives: { motto: slot('motto', word, { default: '', about: 'Sets the motto.' }) },
 *   setup(cycle) {
 *     cycle.hooks(mail).greet.tap('motto', (session) => session.log.info(session.conf(motto).motto));
 *   },
 * });
 */
export function defineModule<
  const D extends Directives = Readonly<Record<never, never>>,
  Derived extends object = Readonly<Record<never, never>>,
  State extends object = Readonly<Record<never, never>>,
  Hooks extends object = Readonly<Record<never, never>>,
>(definition: ModuleDefinition<D, Derived, State, Hooks>): Module<D, Derived, State, Hooks> {
  return Object.freeze({
    ...definition,
    requires: definition.requires ?? [],
    before: definition.before ?? [],
    directives: definition.directives ?? ({} as D),
  });
}
