// What can be measured: the first word of the command line, the protocol it speaks, its parts in the order they run.
import { greeting, handshake } from './parts/handshake.mjs';
import { idle } from './parts/idle.mjs';
import { latency } from './parts/latency.mjs';
import { leak } from './parts/leak.mjs';
import { login } from './parts/login.mjs';
import { relay } from './parts/relay.mjs';
import { reload } from './parts/reload.mjs';
import { serversIdle, serversLogin } from './parts/servers.mjs';
import { startMaster, startServers, startSingle } from './parts/start.mjs';
import { workersBalance, workersLogin, workersRelay, workersStall } from './parts/workers.mjs';

/**
 * `usual` parts run when none is named. `tls`: clients speak TLS to the proxy, so there is no way without one.
 * @typedef {{ protocol: string, tls: boolean, parts: Record<string, Function>, usual: string[] }} Suite
 */

const session = { login, relay, idle, leak, latency };

/** @type {Record<string, Suite>} */
export const SUITES = {
  imap: {
    protocol: 'imap',
    tls: false,
    parts: session,
    usual: ['login', 'relay', 'idle', 'leak'],
  },
  pop3: { protocol: 'pop3', tls: false, parts: session, usual: ['login', 'relay'] },
  smtp: { protocol: 'smtp', tls: false, parts: session, usual: ['login', 'relay'] },
  tls: {
    protocol: 'imap',
    tls: true,
    parts: { handshake, greeting, login, relay, idle },
    usual: ['handshake', 'greeting', 'relay', 'idle'],
  },
  servers: {
    protocol: 'imap',
    tls: false,
    parts: { login: serversLogin, idle: serversIdle },
    usual: ['login', 'idle'],
  },
  workers: {
    protocol: 'imap',
    tls: false,
    parts: {
      login: workersLogin,
      relay: workersRelay,
      balance: workersBalance,
      stall: workersStall,
    },
    usual: ['login', 'relay', 'balance'],
  },
  start: {
    protocol: 'imap',
    tls: false,
    parts: { master: startMaster, single: startSingle, servers: startServers },
    usual: ['master', 'single', 'servers'],
  },
  reload: { protocol: 'smtp', tls: false, parts: { reload }, usual: ['reload'] },
};
