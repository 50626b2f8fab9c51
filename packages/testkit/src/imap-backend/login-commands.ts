/** Commands that need no mailbox: CAPABILITY, LOGIN, ID, LOGOUT and the like. */
import { plainLogin } from '../mail-store/login-check.js';
import { bad, no, ok, type Handler, type ImapSession } from './session.js';
import { textOf } from './tokens.js';

/** What the server can do. */
export const capabilities =
  'IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN ID IDLE NAMESPACE ENABLE UNSELECT UIDPLUS';

export const capability: Handler = (session) => {
  session.say(`* CAPABILITY ${capabilities}`);
  return ok('done');
};

export const noop: Handler = () => ok('done');

export const logout: Handler = (session) => {
  session.say('* BYE see you');
  return ok('done', { close: true });
};

export const id: Handler = (session) => {
  session.say('* ID ("name" "postern testkit")');
  return ok('done');
};

export const login: Handler = (session, args) => {
  const [user, password] = args.map(textOf);
  if (args.length !== 2 || user === undefined || password === undefined) {
    return bad('LOGIN needs a user and a password');
  }
  return logIn(session, user, password);
};

export const enable: Handler = (session) => {
  session.say('* ENABLED');
  return ok('done');
};

export const namespace: Handler = (session) => {
  session.say('* NAMESPACE (("" "/")) NIL NIL');
  return ok('done');
};

/** Decides about a user and a password. */
export function logIn(session: ImapSession, user: string, password: string) {
  if (session.user !== undefined) return bad('already logged in');
  if (!session.check(user, password)) return no('[AUTHENTICATIONFAILED] wrong user or password');
  session.user = user;
  return ok(`[CAPABILITY ${capabilities}] logged in`);
}

/** Decides about a SASL PLAIN answer in base64; `*` means that the client gave up. */
export function logInPlain(session: ImapSession, answer: string) {
  if (answer === '*') return bad('given up');
  const credentials = plainLogin(answer);
  return credentials === undefined ? bad('not a PLAIN answer') : logIn(session, ...credentials);
}
