/** Which POP3 commands there are, and which of them need a login. */
import type { LineReply } from '../line-server.js';
import { capa, noop, pass, quit, user } from './login-commands.js';
import { dele, list, retr, rset, stat, top, uidl } from './message-commands.js';
import { err, type Handler, type PopSession } from './session.js';

const table: ReadonlyMap<string, readonly [needs: 'nothing' | 'login', Handler]> = new Map([
  ['CAPA', ['nothing', capa]],
  ['USER', ['nothing', user]],
  ['PASS', ['nothing', pass]],
  ['QUIT', ['nothing', quit]],
  ['NOOP', ['login', noop]],
  ['STAT', ['login', stat]],
  ['LIST', ['login', list]],
  ['UIDL', ['login', uidl]],
  ['RETR', ['login', retr]],
  ['TOP', ['login', top]],
  ['DELE', ['login', dele]],
  ['RSET', ['login', rset]],
]);

/** Performs the command of one line where the session is far enough for it. */
export function perform(session: PopSession, line: string): LineReply {
  const space = line.indexOf(' ');
  const name = (space === -1 ? line : line.slice(0, space)).toUpperCase();
  const rest = space === -1 ? '' : line.slice(space + 1);
  const entry = table.get(name);
  if (entry === undefined) return err('unknown command');
  const [needs, handler] = entry;
  if (needs === 'login' && session.messages === undefined) return err('log in first');
  return handler(
    session,
    rest.split(' ').filter((word) => word !== ''),
    rest,
  );
}
