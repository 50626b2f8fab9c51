/**
 * From a loaded configuration to servers: for each `server {}` its protocol, its merged configuration per module and
 * what modules derive from it. Errors come in nginx's order: listen, protocol, then what modules demand.
 */
import type { LoadedConfiguration } from '../config/load.js';
import type { Scope } from '../config/scope.js';
import { serverConf, setAt } from '../config/merge.js';
import { packageOfProtocol, protocolOfPort } from '../config/standard-packages.js';
import type { SourceRef } from '../config/directive.js';
import { found, type Cycle } from '../cycle/cycle.js';
import { ConfigError } from '../errors.js';
import type { LogTargets } from '../log/log-targets.js';
import type { AnyModule, DeriveContext } from '../module/module.js';
import { mail } from './core-module.js';
import { ListenAddresses, type ServerListen } from './listen-addresses.js';
import type { ListenSpec } from './listen.js';
import { Protocols, type BoundProtocol } from './protocol-registry.js';
import { MailServer } from './server.js';

/** Where servers with logs of their own get them. */
type LogSource = Pick<LogTargets, 'logger'>;

/** Builds all servers of `mail {}`. Throws ConfigError. */
export function buildServers(cycle: Cycle, targets: LogSource): readonly ServerListen[] {
  const protocols = new Protocols();
  const hooks = cycle.hooks(mail);
  hooks.protocols.call(protocols);
  const addresses = new ListenAddresses();
  for (const scope of serverScopes(cycle.configuration)) {
    const { server, listens } = buildServer(scope, cycle, protocols, targets);
    server.tls = hooks.secure.call(server);
    server.namer = hooks.identify.call(server);
    for (const spec of listens) addresses.add(spec, server);
  }
  return addresses.list();
}

/** What a `server {}` must have when its block ends, where nginx checks it. Throws ConfigError. */
export function checkServer(scope: Scope): void {
  if (scope.level === 'server' && serverConf(scope, mail).listen.length === 0) {
    throw configError(`no "listen" is defined for server in ${placeOf(scope.at)}`);
  }
}

function serverScopes(configuration: LoadedConfiguration): readonly Scope[] {
  return configuration.root.children
    .filter((scope) => scope.level === 'mail')
    .flatMap((scope) => scope.children);
}

interface BuiltServer {
  readonly server: MailServer;
  readonly listens: readonly ListenSpec[];
}

function buildServer(
  scope: Scope,
  cycle: Cycle,
  protocols: Protocols,
  targets: LogSource,
): BuiltServer {
  const { modules } = cycle.configuration;
  const own = serverConf(scope, mail);
  const protocol = chooseProtocol(scope, own.listen, own.protocol, protocols);
  const confs = new Map<AnyModule, object>();
  const context = deriveContext(scope.at, protocol.name, cycle, confs);
  for (const module of modules) {
    const conf = serverConf(scope, module);
    confs.set(module, conf);
    const derived = module.derive?.(conf, context) as object | undefined;
    if (derived !== undefined) confs.set(module, Object.freeze({ ...conf, ...derived }));
  }
  const conf = found(confs, mail) as typeof own & { readonly name: string };
  const server = new MailServer({
    at: scope.at,
    protocol,
    serverName: conf.name,
    timeoutMs: conf.timeoutMs,
    maxErrors: conf.maxErrors,
    authzid: conf.saslAuthzid,
    log: conf.errorLog.length === 0 ? cycle.log : targets.logger(conf.errorLog),
    confs,
  });
  return { server, listens: own.listen };
}

function deriveContext(
  at: SourceRef,
  protocol: string,
  generation: object,
  confs: ReadonlyMap<AnyModule, object>,
): DeriveContext {
  return {
    at,
    protocol,
    generation,
    get serverName(): string {
      return (found(confs, mail) as { readonly name: string }).name;
    },
    conf: (module) => found(confs, module) as never,
    error: (message, help) => new ConfigError(message, { ...at, help }),
  };
}

function chooseProtocol(
  scope: Scope,
  listens: readonly ListenSpec[],
  written: string,
  protocols: Protocols,
): BoundProtocol {
  if (written !== '') {
    const protocol = protocols.get(written);
    if (protocol !== undefined) return protocol;
    const at = setAt(scope, mail, 'protocol') ?? scope.at;
    throw configError(`unknown protocol "${written}"`, at, installHelp(written));
  }
  for (const { guessPort } of listens) {
    const protocol = protocols.ofPort(guessPort);
    if (protocol !== undefined) return protocol;
  }
  const name = listens.map(({ guessPort }) => protocolOfPort(guessPort)).find((known) => known);
  throw configError(
    `unknown mail protocol for server in ${placeOf(scope.at)}`,
    undefined,
    name === undefined ? undefined : installHelp(name),
  );
}

function installHelp(protocol: string): string | undefined {
  const owner = packageOfProtocol(protocol);
  if (owner === undefined) return undefined;
  return `protocol ${protocol} comes with the package ${owner}, which is not installed`;
}

function placeOf(at: SourceRef): string {
  return `${at.file ?? 'command line'}:${String(at.line)}`;
}

function configError(message: string, at?: SourceRef, help?: string): ConfigError {
  return new ConfigError(message, { ...at, help });
}
