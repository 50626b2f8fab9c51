/** Who the client is: HELO, EHLO, XCLIENT, AUTH, and the commands that say nothing. */
import { printable } from '../bytes-text.js';
import { plainLogin } from '../mail-store/login-check.js';
import { clientFacts, reply, resetMail, type Handler, type SmtpSession } from './session.js';

const syntax = reply('501 5.5.4', 'cannot be read');

export const helo: Handler = (session, rest) => {
  if (rest === '') return syntax;
  greet(session, rest);
  return reply('250', 'backend');
};

export const ehlo: Handler = (session, rest) => {
  if (rest === '') return syntax;
  greet(session, rest);
  const extensions = [
    'PIPELINING',
    '8BITMIME',
    'ENHANCEDSTATUSCODES',
    `SIZE ${String(session.mailbox.maxBytes)}`,
    'AUTH PLAIN',
    `XCLIENT ${clientFacts.join(' ')}`,
  ];
  const lines = extensions.map((each, index) => {
    return `250${index === extensions.length - 1 ? ' ' : '-'}${each}\r\n`;
  });
  return { text: `250-backend\r\n${lines.join('')}` };
};

function greet(session: SmtpSession, name: string): void {
  resetMail(session);
  session.helo = shown(name);
}

/** Text of a client as it may stand in a header. */
const shown = (text: string): string => printable(text).slice(0, 255);

/** Postfix's XCLIENT: a proxy tells who its client is. The session begins anew. */
export const xclient: Handler = (session, rest) => {
  const attributes = rest.split(' ').filter((each) => each !== '');
  if (attributes.length === 0 || attributes.some((each) => !each.includes('='))) return syntax;
  if (session.sender !== undefined) return reply('503 5.5.1', 'not inside a message');
  for (const attribute of attributes) {
    const equals = attribute.indexOf('=');
    const name = attribute.slice(0, equals).toUpperCase();
    const known = clientFacts.find((each) => each === name);
    const value = fromXtext(attribute.slice(equals + 1));
    if (known !== undefined) session.client.set(known, shown(value));
  }
  session.user = session.client.get('LOGIN');
  session.helo = '';
  return reply('220', 'backend');
};

/** RFC 3461, section 4: `+XX` is a byte. */
function fromXtext(text: string): string {
  return text.replace(/\+([0-9A-F]{2})/g, (_match, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

export const auth: Handler = (session, rest) => {
  const [mechanism = '', initial] = rest.split(' ');
  if (session.user !== undefined) return reply('503 5.5.1', 'already logged in');
  if (mechanism.toUpperCase() !== 'PLAIN') return reply('504 5.5.4', 'PLAIN is the one mechanism');
  if (initial !== undefined) return logIn(session, initial);
  session.awaitsPassword = true;
  return { text: '334 \r\n' };
};

/** Decides about a SASL PLAIN answer in base64; `*` means that the client gave up. */
export const logIn: Handler = (session, answer) => {
  session.awaitsPassword = false;
  const credentials = answer === '*' ? undefined : plainLogin(answer);
  if (credentials === undefined) return reply('501 5.5.2', 'not a PLAIN answer');
  if (!session.check(...credentials)) return reply('535 5.7.8', 'wrong user or password');
  session.user = shown(Buffer.from(credentials[0]).toString('latin1'));
  return reply('235 2.7.0', 'logged in');
};

export const noop: Handler = () => reply('250 2.0.0', 'OK');

export const vrfy: Handler = () => reply('252 2.0.0', 'send it and see');

export const quit: Handler = () => ({ ...reply('221 2.0.0', 'see you'), close: true });
