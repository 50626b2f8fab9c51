/**
 * The backend's side of a POP3 login, as nginx's `ngx_mail_proxy_pop3_handler`: greeting, USER, PASS. Pure.
 *
 * A reply is one line and is judged alone; what comes behind it is the caller's business. A login or password is sent
 * as it is, so one with a line end or a NUL is not sent at all: nginx lets it become commands.
 */
import {
  ascii,
  hasLineEnd,
  lineLength,
  startsWith,
  withoutLineEnd,
  unsafeCredentials,
  type UpstreamDialog,
  type UpstreamLogin,
  type UpstreamStep,
} from '@postern/core';
import type { Pop3ClientState } from './client-dialog.js';

/** A command that the login sends, and its name in the log. */
interface Sending {
  readonly bytes: Uint8Array;
  readonly name: 'user name' | 'password';
}

/** A login that waits for the answer to what was sent last, or for the greeting. */
export interface Pop3UpstreamState {
  readonly sendings: readonly Sending[];
  /** How many of `sendings` were sent; 0: the greeting is awaited, or the answer to STLS. */
  readonly sent: number;
  /** STLS (RFC 2595, section 4): to be sent, sent, or not (any more). */
  readonly startTls: 'wanted' | 'asked' | 'no';
}

type Step = UpstreamStep<Pop3UpstreamState>;

/** The dialog. */
export const pop3UpstreamDialog: UpstreamDialog<Pop3UpstreamState, Pop3ClientState, object> = {
  start,
  replyLength: (_state, buffer) => lineLength(buffer, 0),
  step,
  secured: sendNext,
  progress,
};

const nothing = new Uint8Array(0);
const userStart = ascii('USER ');
const passStart = ascii('PASS ');
const lineEnd = ascii('\r\n');
const stlsCommand = ascii('STLS\r\n');

function start(login: UpstreamLogin<Pop3ClientState, object>): Pop3UpstreamState {
  const user = login.login;
  const secret = login.secret?.reveal() ?? nothing;
  if (hasLineEnd(user) || hasLineEnd(secret)) {
    throw unsafeCredentials(
      'a login or password with CR, LF or NUL cannot be sent to a POP3 backend',
    );
  }
  return {
    sendings: [
      { bytes: Buffer.concat([userStart, user, lineEnd]), name: 'user name' },
      { bytes: Buffer.concat([passStart, secret, lineEnd]), name: 'password' },
    ],
    sent: 0,
    startTls: login.startTls ? 'wanted' : 'no',
  };
}

function step(state: Pop3UpstreamState, reply: Uint8Array): Step {
  if (!startsWith(reply, '+OK')) return { do: 'fail', text: withoutLineEnd(reply), reply };
  switch (state.startTls) {
    case 'wanted':
      return askForTls(state);
    case 'asked':
      return { do: 'startTls', state: { ...state, startTls: 'no' } };
    case 'no':
      return state.sent === state.sendings.length ? { do: 'relay', reply } : sendNext(state);
  }
}

function askForTls(state: Pop3UpstreamState): Step {
  return {
    do: 'send',
    state: { ...state, startTls: 'asked' },
    bytes: stlsCommand,
    while: 'sending STLS to upstream',
  };
}

function sendNext(state: Pop3UpstreamState): Step {
  const next = state.sendings[state.sent];
  if (next === undefined) return { do: 'wait', state };
  return {
    do: 'send',
    state: { ...state, sent: state.sent + 1 },
    bytes: next.bytes,
    while: `sending ${next.name} to upstream`,
  };
}

function progress(state: Pop3UpstreamState): string {
  const sent = state.sendings.slice(0, state.sent).map(({ name }) => name);
  return sent.length === 0 ? 'nothing sent' : `sent ${sent.join(', ')}`;
}
