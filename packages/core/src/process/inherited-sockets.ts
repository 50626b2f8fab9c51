/**
 * Sockets that were open when the process began: those of the master whose place this one is to take (the variable `NGINX`
 * of ngx_add_inherited_sockets in nginx.c), and those of a service manager (`LISTEN_FDS`, sd_listen_fds(3)). What the
 * configuration listens on is taken from them by address.
 */
import type { Logger } from '../log/logger.js';
import { BoundSocket, type SocketOrigin } from '../net/bound-socket.js';
import { toSystemError } from '../log/file-target.js';
import { errnoText } from '../log/errno.js';
import type { ListeningSockets } from './listening-sockets.js';

/** The first descriptor that a service manager hands over. */
const firstOfManager = 3;

/** Where a master's sockets come from. */
export interface Inheritance {
  readonly sockets: ListeningSockets;
  /** Whether an older master handed them down, which still runs. */
  readonly isUpgrade: boolean;
}

/** Takes over what the environment tells of. */
export function inheritSockets(environment: NodeJS.ProcessEnv, log: Logger): Inheritance {
  const value = environment['NGINX'];
  if (value !== undefined && value !== '') {
    log.log('notice', `using inherited sockets from "${value}"`);
    return { sockets: adopt(readNumbers(value, log), 'master', log), isUpgrade: true };
  }
  return { sockets: adopt(numbersOfManager(environment), 'manager', log), isUpgrade: false };
}

/** The variable for a process that is to inherit `count` descriptors from the third on. */
export function inheritanceText(count: number): string {
  return Array.from({ length: count }, (_, index) => `${String(firstOfManager + index)};`).join('');
}

/** Numbers, each ended by `;` or `:`. */
function readNumbers(value: string, log: Logger): readonly number[] {
  const numbers: number[] = [];
  for (const word of value.split(/[;:]/).slice(0, -1)) {
    if (!/^\d{1,7}$/.test(word)) {
      log.log('emerg', `invalid socket number "${word}" in NGINX environment variable, ignoring`);
      break;
    }
    numbers.push(Number(word));
  }
  return numbers;
}

function numbersOfManager(environment: NodeJS.ProcessEnv): readonly number[] {
  const count = Number(environment['LISTEN_FDS'] ?? '');
  if (environment['LISTEN_PID'] !== String(process.pid) || !(count > 0)) return [];
  return Array.from({ length: Math.min(count, 1024) }, (_, index) => firstOfManager + index);
}

function adopt(numbers: readonly number[], origin: SocketOrigin, log: Logger): ListeningSockets {
  const sockets = new Map<string, BoundSocket>();
  for (const fd of numbers) {
    try {
      const socket = BoundSocket.inherit(fd, origin);
      sockets.set(socket.name, socket);
    } catch (error) {
      const reason = errnoText(toSystemError(error));
      log.log('crit', `getsockname() of the inherited socket #${String(fd)} failed (${reason})`);
    }
  }
  return sockets;
}
