/**
 * The commands of a login at a backend, in order, as nginx's `ngx_mail_proxy_smtp_handler` sends them. Nothing that a
 * client or the auth service said can end a line in them: a login is base64 or xtext, and what is sent as it is must
 * be one line.
 */
import {
  ascii,
  encodeBase64,
  hasLineEnd,
  Secret,
  unsafeCredentials,
  type UpstreamLogin,
} from '@postern/core';
import type { SmtpClientState } from './client-dialog.js';
import { line } from './replies.js';
import { xclientCommand } from './xclient.js';

/** What the login needs of a server's configuration: the values of `xclient` and `proxy_smtp_auth`. */
export interface SmtpUpstreamConf {
  readonly xclient: boolean;
  readonly proxySmtpAuth: boolean;
}

/** The login of one client. */
export type SmtpLogin = UpstreamLogin<SmtpClientState, SmtpUpstreamConf>;

/** A command for the backend. */
export interface LoginCommand {
  /** nginx's name for it in the log. */
  readonly name: string;
  /** The codes of a reply that lets the login go on; of RCPT any, since its reply is the client's. */
  readonly accepts: readonly number[] | 'any';
  /** The line, which may hold a password. Undefined: there is no password to send. */
  readonly line: Secret | undefined;
}

/** The name of the command behind which TLS starts. */
export const startTlsName = 'STARTTLS';

const ok = [250] as const;
const nul = Uint8Array.of(0);
const lineEnd = ascii('\r\n');
const ehloStart = ascii('EHLO ');
const heloStart = ascii('HELO ');
const plainStart = ascii('AUTH PLAIN ');

/** The commands. Throws {@link unsafeCredentials} for what cannot be sent. */
export function loginCommands(login: SmtpLogin): readonly LoginCommand[] {
  const { xclient } = login.conf;
  return [
    ...hello(login),
    ...(xclient ? introduction(login) : []),
    ...(login.method === 'none' ? message(login) : authentication(login)),
  ];
}

/** TLS needs EHLO (RFC 3207), and everything is said anew inside it. */
function hello(login: SmtpLogin): readonly LoginCommand[] {
  const { serverName, conf, startTls } = login;
  const esmtp = conf.xclient || startTls || login.client.said.esmtp;
  const ours = command('HELO/EHLO', line(`${esmtp ? 'EHLO' : 'HELO'} ${serverName}`), ok);
  return startTls ? [ours, command(startTlsName, line('STARTTLS'), [220]), ours] : [ours];
}

/** XCLIENT is sent whatever the backend's EHLO said, as in nginx; behind it the client's own name. */
function introduction(login: SmtpLogin): readonly LoginCommand[] {
  const { peer, conf, clientName: name = '[UNAVAILABLE]' } = login;
  const { helo, esmtp } = login.client.said;
  const user = conf.proxySmtpAuth ? new Uint8Array(0) : login.login;
  const xclient = xclientCommand({ peer, login: user, name: oneLine(name) });
  const who = command('XCLIENT', xclient, [220, 250]);
  if (helo.length === 0) return [who];
  const verb = esmtp ? ehloStart : heloStart;
  return [who, command('client HELO/EHLO', lineOf(verb, helo), ok)];
}

/** The message of a client that does not log in; the backend decides about its first recipient. */
function message({ client }: SmtpLogin): readonly LoginCommand[] {
  const { from, to } = client.said;
  return [command('MAIL FROM', lineOf(from), ok), command('RCPT TO', lineOf(to), 'any')];
}

/** `proxy_smtp_auth`: always PLAIN (RFC 4616), which has no empty password. */
function authentication({ conf, login, secret }: SmtpLogin): readonly LoginCommand[] {
  if (!conf.proxySmtpAuth) return [];
  if (secret === undefined || secret.length === 0) {
    return [{ name: 'AUTH', accepts: [235], line: undefined }];
  }
  const password = secret.reveal();
  if (login.includes(0) || password.includes(0)) {
    throw unsafeCredentials('a login or password with a NUL cannot be sent to an SMTP backend');
  }
  const plain = encodeBase64(Buffer.concat([nul, login, nul, password]));
  return [command('AUTH', lineOf(plainStart, plain), [235])];
}

function command(name: string, bytes: Uint8Array, accepts: LoginCommand['accepts']): LoginCommand {
  return { name, accepts, line: new Secret(bytes) };
}

function lineOf(...parts: readonly Uint8Array[]): Uint8Array {
  if (parts.some(hasLineEnd)) throw notOneLine();
  return Buffer.concat([...parts, lineEnd]);
}

function oneLine(text: string): string {
  if (hasLineEnd(Buffer.from(text))) throw notOneLine();
  return text;
}

function notOneLine(): Error {
  return unsafeCredentials('a command with a line end or a NUL cannot be sent to an SMTP backend');
}
