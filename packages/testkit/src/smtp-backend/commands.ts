/** Which SMTP commands there are. */
import type { LineReply } from '../line-server.js';
import { auth, ehlo, helo, logIn, noop, quit, vrfy, xclient } from './login-commands.js';
import { data, mailFrom, messageLine, rcptTo, rset } from './message-commands.js';
import { reply, type Handler, type SmtpSession } from './session.js';

const table: ReadonlyMap<string, Handler> = new Map([
  ['HELO', helo],
  ['EHLO', ehlo],
  ['XCLIENT', xclient],
  ['AUTH', auth],
  ['MAIL', mailFrom],
  ['RCPT', rcptTo],
  ['DATA', data],
  ['RSET', rset],
  ['NOOP', noop],
  ['VRFY', vrfy],
  ['QUIT', quit],
]);

/** Performs what one line asks for: a command, a line of a message, or the answer to AUTH. */
export function perform(session: SmtpSession, line: Buffer): LineReply {
  if (session.message !== undefined) return messageLine(session, session.message, line);
  const text = line.toString('latin1');
  if (session.awaitsPassword) return logIn(session, text);
  const space = text.indexOf(' ');
  const name = (space === -1 ? text : text.slice(0, space)).toUpperCase();
  const handler = table.get(name);
  if (handler === undefined) return reply('500 5.5.1', 'unknown command');
  return handler(session, space === -1 ? '' : text.slice(space + 1).trim());
}
