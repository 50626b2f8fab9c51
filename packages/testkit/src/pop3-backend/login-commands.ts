/** Commands that need no login: CAPA, USER, PASS, QUIT, NOOP. */
import { err, many, ok, type Handler } from './session.js';

const capabilities = ['TOP', 'UIDL', 'USER', 'PIPELINING', 'IMPLEMENTATION postern-testkit'];

/** RFC 2449. */
export const capa: Handler = () => many('what is there', `${capabilities.join('\r\n')}\r\n`);

export const noop: Handler = () => ok();

/** A name may have spaces: what follows the command is all of it. */
export const user: Handler = (session, _args, rest) => {
  if (session.messages !== undefined) return err('already logged in');
  if (rest === '') return err('USER needs a name');
  session.user = rest;
  return ok();
};

export const pass: Handler = (session, _args, rest) => {
  const name = session.user;
  if (session.messages !== undefined || name === undefined) return err('USER comes first');
  if (!session.check(name, rest)) {
    session.user = undefined;
    return err('[AUTH] wrong user or password');
  }
  session.messages = session.mailbox.messages;
  return ok(`logged in, ${String(session.messages.length)} messages`);
};

/** The update state of RFC 1939, section 6: only here messages are removed. */
export const quit: Handler = (session) => {
  if (session.deleted.size > 0) session.mailbox.remove(session.deleted);
  return { ...ok('see you'), close: true };
};
