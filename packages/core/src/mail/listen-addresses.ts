/**
 * Which server is behind which address. As in nginx an address belongs to one server, but for addresses with `ssl`: those
 * may be shared by servers of different names.
 */
import { ConfigError } from '../errors.js';
import type { ListenSpec } from './listen.js';
import { nameServers, type NamedServers } from './named-servers.js';
import type { MailServer } from './server.js';
import { duplicateText } from './socket-plan.js';

/** An address to listen on, and the server behind it. */
export interface ServerListen extends ListenSpec {
  readonly server: MailServer;
  /** The servers among which the client's SNI chooses, where several share the address. */
  readonly named: NamedServers | undefined;
}

/** The first `listen` that names an address, and all servers behind it. */
interface Address {
  readonly spec: ListenSpec;
  readonly servers: [MailServer, ...MailServer[]];
}

const sharingHelp =
  'servers may share an address with "ssl" if each has its own "server_name", and the same protocol and "proxy_protocol"';

/** Collects the addresses of a configuration. */
export class ListenAddresses {
  readonly #addresses = new Map<string, Address>();

  /** Puts `server` behind an address. Throws ConfigError where it cannot be. */
  add(spec: ListenSpec, server: MailServer): void {
    if (spec.ssl && server.tls === undefined) {
      throw new ConfigError('the "ssl" parameter requires ngx_mail_ssl_module', spec.at);
    }
    const taken = this.#addresses.get(spec.address);
    if (taken === undefined) {
      this.#addresses.set(spec.address, { spec, servers: [server] });
      return;
    }
    if (!isShareable(taken, spec, server)) {
      const help = spec.ssl && taken.spec.ssl ? sharingHelp : undefined;
      throw new ConfigError(duplicateText(spec), { ...spec.at, help });
    }
    taken.servers.push(server);
  }

  /** In the order of the configuration. */
  list(): readonly ServerListen[] {
    return [...this.#addresses.values()].map(({ spec, servers }) => ({
      ...spec,
      server: servers[0],
      named: servers.length === 1 ? undefined : nameServers(servers),
    }));
  }
}

function isShareable({ spec: first, servers }: Address, spec: ListenSpec, server: MailServer) {
  const isAlike = first.ssl && spec.ssl && first.proxyProtocol === spec.proxyProtocol;
  return isAlike && servers.every((other) => isTellable(other, server));
}

function isTellable(one: MailServer, other: MailServer): boolean {
  const name = (server: MailServer): string => server.serverName.toLowerCase();
  return one.protocol === other.protocol && name(one) !== name(other);
}
