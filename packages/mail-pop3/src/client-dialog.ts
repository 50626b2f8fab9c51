/**
 * The client's side of POP3 before login, as nginx's `ngx_mail_pop3_auth_state`. Pure.
 *
 * Two kinds of wrong commands get the same reply and lead back to the start: what the parser refuses counts towards
 * `max_errors`, what is refused here (arguments, order, base64, a mechanism that is not enabled) does not.
 */
import {
  answerSasl,
  hasLineEnd,
  startSasl,
  type ClientAction,
  type ClientDialog,
  type ClientEvent,
  type ClientStep,
  type DialogContext,
  type Reply,
  type SaslOptions,
  type SaslState,
  type SaslStep,
  type SubmittedCredentials,
} from '@postern/core';
import type { CapabilityReplies, Pop3AuthMethod } from './capabilities.js';
import type { Pop3Command } from './command.js';
import { challengeLine, greetingLine, replies, statusLine } from './replies.js';

/**
 * Where the client is. `salt` is the challenge of the greeting, for APOP; undefined where there was none. It is kept
 * to the end of the session, STLS included: there is no second greeting.
 */
export type Pop3ClientState = { readonly salt: string | undefined } & (
  | { readonly at: 'start' }
  /** USER was said; the password is to follow. */
  | { readonly at: 'user'; readonly login: Uint8Array }
  | { readonly at: 'exchange'; readonly sasl: SaslState }
);

/** What the dialog needs of a server's configuration. */
export interface Pop3ClientConf {
  readonly auth: readonly Pop3AuthMethod[];
  readonly capabilityReplies: CapabilityReplies;
}

type Context = DialogContext<Pop3ClientConf>;
type Step = ClientStep<Pop3ClientState>;
type UserState = Extract<Pop3ClientState, { at: 'user' }>;

/** The dialog. */
export const pop3ClientDialog: ClientDialog<Pop3ClientState, Pop3Command, Pop3ClientConf> = {
  initial: () => ({ at: 'start', salt: undefined }),
  step,
  secured: start,
};

function step(state: Pop3ClientState, event: ClientEvent<Pop3Command>, context: Context): Step {
  switch (event.kind) {
    case 'greet':
      return onGreet(context);
    case 'command':
      return state.at === 'user'
        ? onSecondCommand(state, event.command, context)
        : onCommand(state, event.command, context);
    case 'answer':
      return onAnswer(state, event.line);
    case 'invalid':
      return commands(state, send(replies.invalid), { do: 'countError' });
    case 'invitation':
      // POP3 has nothing that could be invited, and its parser never says so.
      return invalid(state);
    case 'overflow':
      return onOverflow(state, event.command, event.length);
    case 'replied':
      return onReply(state, event.reply);
    case 'refused':
      return onReply(start(state), event.reply);
  }
}

/** The challenge is in the greeting if `pop3_auth` has a method that needs one, even if that is CRAM-MD5 alone. */
function onGreet(context: Context): Step {
  const { auth } = context.conf;
  const salt = auth.includes('apop') || auth.includes('cram-md5') ? context.salt() : undefined;
  return { state: { at: 'start', salt }, expect: 'command', actions: [send(greetingLine(salt))] };
}

function onCommand(state: Pop3ClientState, command: Pop3Command, context: Context): Step {
  switch (command.name) {
    case 'NOOP':
      return commands(state, send(replies.ok));
    case 'QUIT':
      return commands(state, send(replies.ok), { do: 'close' });
    case 'CAPA':
      return commands(state, send(context.conf.capabilityReplies.capa[context.security]));
    case 'STLS':
      return onStls(state, context);
    case 'USER':
    case 'APOP':
    case 'AUTH':
      return context.security === 'required' ? invalid(state) : onLogin(state, command, context);
    case 'PASS':
    case '':
      return invalid(state);
  }
}

function onLogin(state: Pop3ClientState, command: Pop3Command, context: Context): Step {
  switch (command.name) {
    case 'USER':
      return onUser(state, command);
    case 'APOP':
      return onApop(state, command, context);
    default:
      return onAuth(state, command, context);
  }
}

/** Behind USER (RFC 1939, section 7). STLS is not offered here, and everything unexpected forgets the user. */
function onSecondCommand(state: UserState, command: Pop3Command, { conf }: Context): Step {
  switch (command.name) {
    case 'PASS':
      return onPass(state, command);
    case 'CAPA':
      return stay(state, send(conf.capabilityReplies.capa.none));
    case 'NOOP':
      return stay(state, send(replies.ok));
    case 'QUIT':
      return commands(state, send(replies.ok), { do: 'close' });
    default:
      return invalid(state);
  }
}

function onStls(state: Pop3ClientState, { security }: Context): Step {
  if (security !== 'offered' && security !== 'required') return invalid(state);
  return commands(state, send(replies.ok), { do: 'startTls' });
}

function onUser(state: Pop3ClientState, command: Pop3Command): Step {
  const [login] = revealed(command);
  if (login === undefined) return invalid(state);
  return stay({ at: 'user', salt: state.salt, login }, send(replies.ok));
}

function onPass(state: UserState, command: Pop3Command): Step {
  const [secret] = revealed(command);
  if (secret === undefined) return invalid(state);
  return submit(state, { method: 'plain', login: state.login, secret });
}

/** The digest is not looked at: the auth service, which is told the challenge, knows what it must be. */
function onApop(state: Pop3ClientState, command: Pop3Command, { conf }: Context): Step {
  const [login, secret, ...more] = revealed(command);
  const { salt } = state;
  if (!conf.auth.includes('apop') || salt === undefined) return invalid(state);
  if (login === undefined || secret === undefined || more.length > 0) return invalid(state);
  return submit(state, { method: 'apop', login, secret, salt });
}

/** Without arguments AUTH asks for the mechanisms: older than CAPA, and still asked. */
function onAuth(state: Pop3ClientState, command: Pop3Command, context: Context): Step {
  const words = revealed(command);
  if (words.length === 0) return commands(state, send(context.conf.capabilityReplies.methods));
  return onSasl(state, startSasl(words, saslOptions(context)));
}

function onAnswer(state: Pop3ClientState, line: Uint8Array): Step {
  return state.at === 'exchange' ? onSasl(state, answerSasl(state.sasl, line)) : invalid(state);
}

function onSasl(state: Pop3ClientState, result: SaslStep): Step {
  switch (result.kind) {
    case 'challenge':
      return {
        state: { at: 'exchange', salt: state.salt, sasl: result.state },
        expect: 'answer',
        actions: [send(challengeLine(result.challenge))],
      };
    case 'credentials':
      return submit(state, result.credentials);
    case 'invalid':
      return result.log === undefined ? invalid(state) : invalid(state, result.log);
  }
}

/** A backend would take what stands behind a line end for a command, so nobody is asked about such a login. */
function submit(state: Pop3ClientState, credentials: SubmittedCredentials): Step {
  if (hasLineEnd(credentials.login) || hasLineEnd(credentials.secret)) {
    return invalid(state, 'client sent a line end or NUL in login or password');
  }
  return commands(state, { do: 'authenticate', credentials });
}

/** nginx logs what the client sent; that may be a password, so here it is the verb and the length. */
function onOverflow(state: Pop3ClientState, command: Pop3Command, length: number): Step {
  const message = `client sent too long command "${command.name}" of ${String(length)} bytes`;
  return commands(state, { do: 'log', message }, send(replies.invalid), { do: 'close' });
}

/** A module or the auth service has spoken. As with our own replies, `-ERR` forgets the user. */
function onReply(state: Pop3ClientState, { status, text, close }: Reply): Step {
  const actions: readonly ClientAction[] = [
    send(statusLine(status, text)),
    ...(close === true ? [{ do: 'close' } as const] : []),
  ];
  return status === 'ok' ? stay(state, ...actions) : commands(state, ...actions);
}

/** A fresh challenge for each exchange; nginx sends that of the greeting again and again. */
function saslOptions(context: Context): SaslOptions {
  const { conf, authzid } = context;
  return { enabled: conf.auth, authzid, salt: () => context.salt() };
}

function revealed(command: Pop3Command): readonly Uint8Array[] {
  return command.operands.map((operand) => operand.reveal());
}

function invalid(state: Pop3ClientState, message?: string): Step {
  const refusal = send(replies.invalid);
  return message === undefined
    ? commands(state, refusal)
    : commands(state, { do: 'log', message }, refusal);
}

function send(bytes: Uint8Array): ClientAction {
  return { do: 'send', bytes };
}

function start({ salt }: Pop3ClientState): Pop3ClientState {
  return { at: 'start', salt };
}

/** Back at the start: the next line is a command. */
function commands(state: Pop3ClientState, ...actions: readonly ClientAction[]): Step {
  return stay(start(state), ...actions);
}

/** In `state`, where the next line is a command. */
function stay(state: Pop3ClientState, ...actions: readonly ClientAction[]): Step {
  return { state, expect: 'command', actions };
}
