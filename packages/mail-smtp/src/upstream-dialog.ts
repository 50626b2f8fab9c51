/**
 * The backend's side of an SMTP login, as nginx's `ngx_mail_proxy_smtp_handler`. Pure: a list of commands, each sent
 * when the one before it was answered well. What comes behind a reply is the caller's business.
 */
import { withoutLineEnd, type UpstreamDialog, type UpstreamStep } from '@postern/core';
import { replyCode, replyLength } from './backend-reply.js';
import type { SmtpClientState } from './client-dialog.js';
import {
  loginCommands,
  startTlsName,
  type LoginCommand,
  type SmtpLogin,
  type SmtpUpstreamConf,
} from './login-commands.js';
import { replies } from './replies.js';

/** A login that waits for the answer to what was sent last, or for the greeting. */
export interface SmtpUpstreamState {
  readonly commands: readonly LoginCommand[];
  /** How many of `commands` were sent; 0: the greeting is awaited. */
  readonly sent: number;
}

type Step = UpstreamStep<SmtpUpstreamState>;

const greeting = [220] as const;

/** The dialog. */
export const smtpUpstreamDialog: UpstreamDialog<
  SmtpUpstreamState,
  SmtpClientState,
  SmtpUpstreamConf
> = {
  start: (login: SmtpLogin) => ({ commands: loginCommands(login), sent: 0 }),
  replyLength: (_state, buffer) => replyLength(buffer),
  step,
  secured: sendNext,
  progress,
};

function step(state: SmtpUpstreamState, reply: Uint8Array): Step {
  const answered = state.commands[state.sent - 1];
  const accepts = answered?.accepts ?? greeting;
  const code = replyCode(reply);
  if (code === undefined || (accepts !== 'any' && !accepts.includes(code)))
    return fail(code, reply);
  if (answered?.name === startTlsName) return { do: 'startTls', state };
  if (state.sent < state.commands.length) return sendNext(state);
  return { do: 'relay', reply: accepts === 'any' ? reply : replies.authenticated };
}

function sendNext(state: SmtpUpstreamState): Step {
  const next = state.commands[state.sent];
  if (next === undefined) return { do: 'wait', state };
  const action = `sending ${next.name} to upstream`;
  if (next.line === undefined) {
    return { do: 'abort', message: 'no password available', while: action };
  }
  return {
    do: 'send',
    state: { ...state, sent: state.sent + 1 },
    bytes: next.line.reveal(),
    while: action,
  };
}

/** Only a refusal may be shown to the client: to its AUTH, `250`, `235` or `334` would say what is not so. */
function fail(code: number | undefined, reply: Uint8Array): Step {
  const text = withoutLineEnd(reply);
  return code === undefined || code < 400 ? { do: 'fail', text } : { do: 'fail', text, reply };
}

function progress({ commands, sent }: SmtpUpstreamState): string {
  const names = commands.slice(0, sent).map(({ name }) => name);
  return names.length === 0 ? 'nothing sent' : `sent ${names.join(', ')}`;
}
