/**
 * From a loaded configuration to servers: for each `server {}` its protocol, its merged configuration per module and
 * what modules derive from it. Errors come in nginx's order (`ngx_mail_block`): module after module, and each of them
 * looks at all servers before the next one does.
 */
import type { LoadedConfiguration } from '../config/load.js';
import type { Scope } from '../config/scope.js';
import { serverConf, setAt } from '../config/merge.js';
import { packageOfProtocol, protocolOfPort } from '../config/standard-packages.js';
import type { SourceRef } from '../config/directive.js';
import { found, type Cycle } from '../cycle/cycle.js';
import { ConfigError } from '../errors.js';
import type { LogTargets } from '../log/log-targets.js';
import type { AnyModule, ConfOf, DeriveContext } from '../module/module.js';
import { mail } from './core-module.js';
import { ListenAddresses, type ServerListen } from './listen-addresses.js';
import type { ListenSpec } from './listen.js';
import { Protocols, type BoundProtocol } from './protocol-registry.js';
import { MailServer } from './server.js';
import { ServerConfs } from './server-confs.js';
import { placeOf, type WrittenProtocol } from './server-reading.js';

/** Builds all servers of `mail {}`. Their logs are opened when something is first logged. Throws ConfigError. */
export function buildServers(
  cycle: Cycle,
  targets: LogTargets,
  written: readonly WrittenProtocol[] = [],
): readonly ServerListen[] {
  const hooks = cycle.hooks(mail);
  const protocols = registerProtocols(cycle);
  checkWritten(written, protocols);
  const drafts = serverScopes(cycle.configuration).map((scope) => draftServer(scope, protocols));
  const shared = new ServerConfs();
  for (const module of cycle.configuration.modules) {
    for (const draft of drafts) configure(draft, module, { cycle, shared });
  }
  const addresses = new ListenAddresses();
  for (const draft of drafts) {
    const server = createServer(draft, cycle, targets);
    server.tls = hooks.secure.call(server);
    server.namer = hooks.identify.call(server);
    for (const spec of draft.listens) addresses.add(spec, server);
  }
  return addresses.list();
}

/** Checks the words of all `protocol` directives, also of those that another one replaces. Throws ConfigError. */
export function checkProtocols(cycle: Cycle, written: readonly WrittenProtocol[]): void {
  checkWritten(written, registerProtocols(cycle));
}

function checkWritten(written: readonly WrittenProtocol[], protocols: Protocols): void {
  for (const { name, at } of written) {
    if (protocols.get(name) === undefined) throw unknownProtocol(name, at);
  }
}

function unknownProtocol(name: string, at: SourceRef): ConfigError {
  return configError(`unknown protocol "${name}"`, at, installHelp(name));
}

function registerProtocols(cycle: Cycle): Protocols {
  const protocols = new Protocols();
  cycle.hooks(mail).protocols.call(protocols);
  return protocols;
}

function serverScopes(configuration: LoadedConfiguration): readonly Scope[] {
  return configuration.root.children
    .filter((scope) => scope.level === 'mail')
    .flatMap((scope) => scope.children);
}

/** A server on its way: what each module makes of its directives. */
interface Draft {
  readonly scope: Scope;
  readonly protocol: BoundProtocol;
  readonly listens: readonly ListenSpec[];
  readonly confs: Map<AnyModule, object>;
}

function draftServer(scope: Scope, protocols: Protocols): Draft {
  const { listen, protocol } = serverConf(scope, mail);
  const chosen = chooseProtocol(scope, listen, protocol, protocols);
  return { scope, protocol: chosen, listens: listen, confs: new Map() };
}

/** What is the same for all servers of a cycle. */
interface Common {
  readonly cycle: Cycle;
  readonly shared: ServerConfs;
}

function configure(
  { scope, protocol, confs }: Draft,
  module: AnyModule,
  { cycle, shared }: Common,
): void {
  const conf = serverConf(scope, module);
  confs.set(module, conf);
  const context = deriveContext(scope.at, protocol.name, cycle, confs);
  confs.set(module, shared.complete(module, conf, context));
}

function createServer(
  { scope, protocol, confs }: Draft,
  cycle: Cycle,
  targets: LogTargets,
): MailServer {
  const conf = found(confs, mail) as ConfOf<typeof mail>;
  return new MailServer({
    at: scope.at,
    protocol,
    serverName: conf.name,
    timeoutMs: conf.timeoutMs,
    maxErrors: conf.maxErrors,
    authzid: conf.saslAuthzid,
    openLog: () => (conf.errorLog.length === 0 ? cycle.log : targets.logger(conf.errorLog)),
    confs,
  });
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
    throw unknownProtocol(written, setAt(scope, mail, 'protocol') ?? scope.at);
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

function configError(message: string, at?: SourceRef, help?: string): ConfigError {
  return new ConfigError(message, { ...at, help });
}
