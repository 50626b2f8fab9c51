/**
 * Which sockets a configuration needs (ngx_mail.c, `ngx_mail_optimize_servers`), as data: a wildcard stands in for the
 * plain addresses of its family and port, and the local address of an accepted connection tells which one was meant.
 */
import { normalHost } from '../net/ip.js';
import type { ListenSpec } from './listen.js';

/** One socket to bind. */
export interface SocketPlan<S extends ListenSpec = ListenSpec> {
  /** What to bind; its socket options count for every address that shares the socket. */
  readonly socket: S;
  /** Addresses that share the socket without being bound: host in normal form to address. Empty without a wildcard. */
  readonly byHost: ReadonlyMap<string, S>;
}

/** nginx's sentence about a duplicate. */
export function duplicateText(spec: ListenSpec): string {
  return `duplicate "${spec.address}" address and port pair`;
}

/** The sockets for all addresses of a configuration, in the order in which nginx opens them. */
export function groupSockets<S extends ListenSpec>(specs: readonly S[]): readonly SocketPlan<S>[] {
  const groups = new Map<string, S[]>();
  for (const spec of specs) {
    const key = `${spec.family} ${String(spec.port)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [spec]);
    else group.push(spec);
  }
  return [...groups.values()].flatMap(planGroup);
}

function planGroup<S extends ListenSpec>(group: readonly S[]): readonly SocketPlan<S>[] {
  const wildcard = group.find((spec) => spec.wildcard);
  const plain = group.filter((spec) => !spec.wildcard && !spec.bind);
  const bound = group.filter((spec) => !spec.wildcard && spec.bind);
  if (wildcard === undefined) return [...bound, ...plain].map(alone);
  const byHost = new Map(plain.map((spec) => [spec.host, spec]));
  return [...bound.map(alone), { socket: wildcard, byHost }];
}

function alone<S extends ListenSpec>(socket: S): SocketPlan<S> {
  return { socket, byHost: new Map() };
}

/** The address that a connection was made to; `localHost` is the kernel's text of our end, without port. */
export function selectListen<S extends ListenSpec>(plan: SocketPlan<S>, localHost: string): S {
  if (plan.byHost.size === 0) return plan.socket;
  return plan.byHost.get(normalHost(localHost)) ?? plan.socket;
}
