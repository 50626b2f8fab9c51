/**
 * The sockets of a master (ngx_open_listening_sockets and the end of ngx_init_cycle). It binds them and hands them to its
 * workers, which listen; so a socket and the clients that wait in it outlive every worker, and a reload keeps those
 * whose address stays.
 */
import { chmodSync, unlinkSync } from 'node:fs';
import { errnoText } from '../log/errno.js';
import { toSystemError } from '../log/file-target.js';
import type { Logger } from '../log/logger.js';
import type { ListenSpec } from '../mail/listen.js';
import { type Opening, openPatiently } from '../mail/opening.js';
import { BoundSocket } from '../net/bound-socket.js';

/** Bound sockets by address in normal form. */
export type ListeningSockets = ReadonlyMap<string, BoundSocket>;

/**
 * The sockets that `specs` ask for: those of `current` that fit, and new ones for the rest. Where one cannot be bound the
 * new ones are closed again and nginx's last sentence is thrown as a PosternError.
 */
export async function bindSockets(
  specs: readonly ListenSpec[],
  current: ListeningSockets,
  log: Logger,
): Promise<ListeningSockets> {
  const sockets = new Map<string, BoundSocket>();
  const opening = (spec: ListenSpec): Opening => ({
    name: spec.address,
    open: () => {
      sockets.set(spec.address, bind(spec));
    },
  });
  try {
    for (const { address } of specs) {
      const known = current.get(address);
      if (known !== undefined) sockets.set(address, known);
    }
    const missing = specs.filter(({ address }) => !sockets.has(address));
    await openPatiently(missing.map(opening), { log, test: false });
    return sockets;
  } catch (error) {
    closeOthers(sockets, current, log);
    throw error;
  }
}

function bind({ path, host, port, ipv6only }: ListenSpec): BoundSocket {
  if (path === undefined) return BoundSocket.bind({ host, port, ipv6Only: ipv6only });
  const socket = BoundSocket.bind({ path });
  chmodSync(path, 0o666);
  return socket;
}

const unixPrefix = 'unix:';

/** Closes those of `sockets` that are not among `kept`; the files of UNIX-domain sockets go too. */
export function closeOthers(sockets: ListeningSockets, kept: ListeningSockets, log: Logger): void {
  for (const [name, socket] of sockets) {
    if (kept.get(name) === socket || socket.isClosed) continue;
    socket.close();
    if (!name.startsWith(unixPrefix) || socket.origin === 'manager') continue;
    const path = name.slice(unixPrefix.length);
    log.log('warn', `deleting socket ${path}`);
    if (socket.origin === 'master') unlink(path, log);
  }
}

/** Closes all at the end of the master, those that are still open. */
export function closeAll(sockets: ListeningSockets, log: Logger): void {
  for (const [name, socket] of sockets) {
    if (socket.isClosed) continue;
    socket.close();
    if (socket.origin === 'master' && name.startsWith(unixPrefix)) {
      unlink(name.slice(unixPrefix.length), log);
    }
  }
}

function unlink(path: string, log: Logger): void {
  try {
    unlinkSync(path);
  } catch (error) {
    log.log('emerg', `unlink() ${path} failed (${errnoText(toSystemError(error))})`);
  }
}
