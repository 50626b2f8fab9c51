/**
 * The backend's side of an IMAP login, as nginx's `ngx_mail_proxy_imap_handler`. Pure.
 *
 * nginx always sends two synchronising literals: five exchanges. With `proxy_imap_login auto` credentials that can
 * stand in quoted strings are sent in one command, in three exchanges less; others go as literals.
 *
 * A reply is judged one at a time: the greeting, an invitation, or the tagged result with at most one untagged line
 * before it. What comes behind a reply is the caller's business.
 */
import {
  ascii,
  lineLength,
  startsWith,
  withoutLineEnd,
  unsafeCredentials,
  type UpstreamDialog,
  type UpstreamLogin,
  type UpstreamStep,
} from '@postern/core';
import type { ImapClientState } from './client-dialog.js';
import { literalCommands, quotedCommand } from './login-command.js';

/** What the dialog needs of a server's configuration: the value of `proxy_imap_login`. */
export interface ImapUpstreamConf {
  readonly proxyLogin: 'auto' | 'literal';
}

/** A command that the login sends, and its name in the log. */
interface Sending {
  readonly bytes: Uint8Array;
  readonly name: 'LOGIN command' | 'user name' | 'password';
}

/** A login that waits for the answer to what was sent last, or for the greeting. */
export interface ImapUpstreamState {
  /** The client's tag with the space behind it: its command gets the backend's result. */
  readonly tag: Uint8Array;
  readonly sendings: readonly Sending[];
  /** How many of `sendings` were sent; 0: the greeting is awaited, or the answer to STARTTLS. */
  readonly sent: number;
  /** STARTTLS (RFC 9051, section 6.2.1): to be sent, sent, or not (any more). */
  readonly startTls: 'wanted' | 'asked' | 'no';
}

type Step = UpstreamStep<ImapUpstreamState>;

/** The dialog. */
export const imapUpstreamDialog: UpstreamDialog<
  ImapUpstreamState,
  ImapClientState,
  ImapUpstreamConf
> = { start, replyLength, step, secured, progress };

const noTag = new Uint8Array(0);
const nothing = new Uint8Array(0);

/** A tag of our own: the client's is for its login. */
const startTlsTag = 'tls ';
const startTlsCommand = ascii(`${startTlsTag}STARTTLS\r\n`);

function start(login: UpstreamLogin<ImapClientState, ImapUpstreamConf>): ImapUpstreamState {
  const { client, conf } = login;
  const tag = client.at === 'submitted' ? client.tag : noTag;
  const user = login.login;
  const secret = login.secret?.reveal() ?? nothing;
  if (user.includes(0) || secret.includes(0)) {
    throw unsafeCredentials('a login or password with a NUL cannot be sent to an IMAP backend');
  }
  const quoted = conf.proxyLogin === 'auto' ? quotedCommand(tag, user, secret) : undefined;
  return {
    tag,
    sendings: sendingsOf(quoted ?? literalCommands(tag, user, secret)),
    sent: 0,
    startTls: login.startTls ? 'wanted' : 'no',
  };
}

const names = ['LOGIN command', 'user name', 'password'] as const;

function sendingsOf(commands: readonly Uint8Array[]): readonly Sending[] {
  return commands.map((bytes, at) => ({ bytes, name: names[at] ?? 'password' }));
}

/** The next reply is the result of a command: everything was sent, or STARTTLS. */
function awaitsResult({ sent, sendings, startTls }: ImapUpstreamState): boolean {
  return sent === sendings.length || startTls === 'asked';
}

function replyLength(state: ImapUpstreamState, buffer: Uint8Array): number {
  const first = lineLength(buffer, 0);
  if (first === 0 || !awaitsResult(state) || !isUntagged(buffer)) return first;
  const second = lineLength(buffer, first);
  return second === 0 ? 0 : first + second;
}

function step(state: ImapUpstreamState, reply: Uint8Array): Step {
  if (state.startTls === 'asked') return onStartTls(state, reply);
  if (awaitsResult(state)) return onResult(state, reply);
  if (state.sent === 0 && !startsWith(reply, '* OK')) return failGreeting(reply);
  if (state.sent > 0 && !startsWith(reply, '+')) return fail(reply, reply);
  return state.startTls === 'wanted' ? askForTls(state) : sendNext(state);
}

function sendNext(state: ImapUpstreamState): Step {
  const next = state.sendings[state.sent];
  if (next === undefined) return { do: 'wait', state };
  return {
    do: 'send',
    state: { ...state, sent: state.sent + 1 },
    bytes: next.bytes,
    while: `sending ${next.name} to upstream`,
  };
}

function askForTls(state: ImapUpstreamState): Step {
  return {
    do: 'send',
    state: { ...state, startTls: 'asked' },
    bytes: startTlsCommand,
    while: 'sending STARTTLS to upstream',
  };
}

function onStartTls(state: ImapUpstreamState, reply: Uint8Array): Step {
  const result = resultOf(reply);
  if (!startsWith(result, `${startTlsTag}OK`)) return fail(result, reply);
  return { do: 'startTls', state: { ...state, startTls: 'no' } };
}

function secured(state: ImapUpstreamState): Step {
  return sendNext(state);
}

/** nginx tolerates one untagged line, such as CAPABILITY, before the tagged result, and passes it on. */
function onResult({ tag }: ImapUpstreamState, reply: Uint8Array): Step {
  const result = resultOf(reply);
  if (!hasTag(result, tag)) return fail(result, reply);
  const status = result.subarray(tag.length);
  return startsWith(status, 'OK') ? { do: 'relay', reply } : fail(status, reply);
}

/** The reply without an untagged line before it. */
function resultOf(reply: Uint8Array): Uint8Array {
  return isUntagged(reply) ? reply.subarray(lineLength(reply, 0)) : reply;
}

/** A backend that believes the client is logged in already must not tell the client so. */
function failGreeting(greeting: Uint8Array): Step {
  const text = withoutLineEnd(greeting);
  const claimsLogin = startsWith(Buffer.from(greeting).subarray(0, 9), '* PREAUTH', 'anyCase');
  return claimsLogin ? { do: 'fail', text } : fail(greeting, greeting);
}

/** `text` is what the log shows: without the untagged line, and without the tag. */
function fail(text: Uint8Array, reply: Uint8Array): Step {
  return { do: 'fail', text: withoutLineEnd(text), reply };
}

function isUntagged(reply: Uint8Array): boolean {
  return startsWith(reply, '* ');
}

function hasTag(reply: Uint8Array, tag: Uint8Array): boolean {
  return tag.every((byte, at) => reply[at] === byte);
}

function progress(state: ImapUpstreamState): string {
  const sent = state.sendings.slice(0, state.sent).map(({ name }) => name);
  return sent.length === 0 ? 'nothing sent' : `sent ${sent.join(', ')}`;
}
