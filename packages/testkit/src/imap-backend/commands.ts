/** Which commands there are, and what each of them needs. AUTHENTICATE and IDLE belong to the connection. */
import { capability, enable, id, login, logout, namespace, noop } from './login-commands.js';
import {
  append,
  close,
  examine,
  expunge,
  fixed,
  list,
  lsub,
  select,
  status,
  subscribe,
  unselect,
} from './mailbox-commands.js';
import { fetch, search, store, uid } from './message-commands.js';
import { bad, no, type Answer, type Handler, type ImapSession, type Needs } from './session.js';
import type { ImapCommand } from './command-reader.js';

const table: Readonly<Record<string, readonly [Needs, Handler]>> = {
  CAPABILITY: ['nothing', capability],
  NOOP: ['nothing', noop],
  LOGOUT: ['nothing', logout],
  ID: ['nothing', id],
  LOGIN: ['nothing', login],
  ENABLE: ['login', enable],
  NAMESPACE: ['login', namespace],
  SELECT: ['login', select],
  EXAMINE: ['login', examine],
  LIST: ['login', list],
  LSUB: ['login', lsub],
  SUBSCRIBE: ['login', subscribe],
  UNSUBSCRIBE: ['login', subscribe],
  CREATE: ['login', fixed],
  DELETE: ['login', fixed],
  RENAME: ['login', fixed],
  STATUS: ['login', status],
  APPEND: ['login', append],
  CHECK: ['mailbox', noop],
  CLOSE: ['mailbox', close],
  UNSELECT: ['mailbox', unselect],
  EXPUNGE: ['mailbox', expunge],
  FETCH: ['mailbox', fetch],
  STORE: ['mailbox', store],
  SEARCH: ['mailbox', search],
  UID: ['mailbox', uid],
  COPY: ['mailbox', fixed],
};

/** Performs a command where the session is far enough for it. */
export function perform(session: ImapSession, { name, args }: ImapCommand): Answer {
  const entry = Object.hasOwn(table, name) ? table[name] : undefined;
  if (entry === undefined) return bad('unknown command');
  const [needs, handler] = entry;
  if (needs !== 'nothing' && session.user === undefined) return bad('log in first');
  if (needs === 'mailbox' && session.view === undefined) return no('select a mailbox first');
  return handler(session, args);
}
