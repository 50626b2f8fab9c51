/**
 * The client's side of IMAP before login, as nginx's `ngx_mail_imap_auth_state`. Pure.
 *
 * Two kinds of wrong commands get the same reply: what the parser refuses counts towards `max_errors`, what is
 * refused here (arguments, base64, a mechanism that is not enabled) does not.
 */
import {
  answerSasl,
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
} from '@postern/core';
import type { CapabilityLines, ImapAuthMethod } from './capabilities.js';
import type { ImapCommand } from './command.js';
import { challengeLine, replies, statusLine, tagged } from './replies.js';

/** Where the client is. The tag is the client's own, with the space behind it. */
export type ImapClientState =
  | { readonly at: 'start' }
  | { readonly at: 'exchange'; readonly tag: Uint8Array; readonly sasl: SaslState }
  /** Credentials were submitted; their refusal, or the backend's answer, bears this tag. */
  | { readonly at: 'submitted'; readonly tag: Uint8Array };

/** What the dialog needs of a server's configuration. */
export interface ImapClientConf {
  readonly auth: readonly ImapAuthMethod[];
  readonly capabilityLines: CapabilityLines;
}

type Context = DialogContext<ImapClientConf>;
type Step = ClientStep<ImapClientState>;

const start: ImapClientState = Object.freeze({ at: 'start' });
const untagged = new Uint8Array(0);

/** The dialog. */
export const imapClientDialog: ClientDialog<ImapClientState, ImapCommand, ImapClientConf> = {
  initial: () => start,
  step,
  secured: () => start,
};

function step(state: ImapClientState, event: ClientEvent<ImapCommand>, context: Context): Step {
  switch (event.kind) {
    case 'greet':
      return commands(send(replies.greeting));
    case 'command':
      return onCommand(event.command, context);
    case 'invitation':
      return onInvitation(state, event.command, context);
    case 'answer':
      return onAnswer(state, event.line);
    case 'invalid':
      return onInvalid(tagOf(state, event.command), event.fatal);
    case 'overflow':
      return onOverflow(state, event.command, event.length);
    case 'replied':
      return onReply(event.command.tag, event.reply);
    case 'refused':
      return onReply(tagOf(state), event.reply);
  }
}

function onCommand(command: ImapCommand, context: Context): Step {
  switch (command.name) {
    case 'NOOP':
      return completed(command);
    case 'CAPABILITY':
      return completed(command, context.conf.capabilityLines[context.security]);
    case 'LOGOUT':
      return commands(completion(command, replies.bye), { do: 'close' });
    case 'STARTTLS':
      return onStartTls(command, context);
    case 'LOGIN':
      return isLoginDisabled(command, context) ? invalid(command.tag) : onLogin(command);
    case 'AUTHENTICATE':
      return isLoginDisabled(command, context)
        ? invalid(command.tag)
        : onSasl(command.tag, startSasl(revealed(command), saslOptions(context)));
    case '':
      return invalid(command.tag);
  }
}

function onStartTls(command: ImapCommand, { security }: Context): Step {
  if (security !== 'offered' && security !== 'required') return invalid(command.tag);
  return commands(completion(command), { do: 'startTls' });
}

/** RFC 9051, section 6.2.3. The password may be empty, the user name not. */
function onLogin(command: ImapCommand): Step {
  const [login, secret, ...more] = revealed(command);
  if (login === undefined || secret === undefined || more.length > 0) return invalid(command.tag);
  if (login.length === 0) return invalid(command.tag);
  const credentials = { method: 'plain', login, secret } as const;
  return onSasl(command.tag, { kind: 'credentials', credentials });
}

/** In clear text under `starttls only` nobody is invited to send a password. nginx invites and refuses later. */
function onInvitation(state: ImapClientState, command: ImapCommand, context: Context): Step {
  if (isLoginDisabled(command, context)) return invalid(command.tag);
  return { state, expect: 'rest', actions: [send(replies.invitation)] };
}

function onAnswer(state: ImapClientState, line: Uint8Array): Step {
  if (state.at !== 'exchange') return invalid(tagOf(state));
  return onSasl(state.tag, answerSasl(state.sasl, line));
}

function onSasl(tag: Uint8Array, result: SaslStep): Step {
  switch (result.kind) {
    case 'challenge':
      return {
        state: { at: 'exchange', tag, sasl: result.state },
        expect: 'answer',
        actions: [send(challengeLine(result.challenge))],
      };
    case 'credentials':
      return {
        state: { at: 'submitted', tag },
        expect: 'command',
        actions: [{ do: 'authenticate', credentials: result.credentials }],
      };
    case 'invalid':
      return result.log === undefined
        ? invalid(tag)
        : commands({ do: 'log', message: result.log }, bad(tag));
  }
}

/** The parser refused a line. `fatal`: a literal follows that would be taken for commands. */
function onInvalid(tag: Uint8Array, fatal: boolean): Step {
  const counted = [bad(tag), { do: 'countError' }] as const;
  return fatal ? commands(...counted, { do: 'close' }) : commands(...counted);
}

/** nginx logs what the client sent; that may be a password, so here it is the verb and the length. */
function onOverflow(state: ImapClientState, command: ImapCommand, length: number): Step {
  const message = `client sent too long command "${command.name}" of ${String(length)} bytes`;
  return commands({ do: 'log', message }, bad(tagOf(state, command)), { do: 'close' });
}

/** A module or the auth service has spoken. */
function onReply(tag: Uint8Array, reply: Reply): Step {
  const said = send(tagged(tag, statusLine(reply.status, reply.text)));
  return reply.close === true ? commands(said, { do: 'close' }) : commands(said);
}

function isLoginDisabled(command: ImapCommand, { security }: Context): boolean {
  return security === 'required' && (command.name === 'LOGIN' || command.name === 'AUTHENTICATE');
}

/** A fresh challenge for each exchange; nginx keeps one for the session. */
function saslOptions(context: Context): SaslOptions {
  const { conf, authzid } = context;
  return { enabled: conf.auth, authzid, salt: () => context.salt() };
}

function revealed(command: ImapCommand): readonly Uint8Array[] {
  return command.operands.map((operand) => operand.reveal());
}

/** The tag of what is under way, else of `command`. */
function tagOf(state: ImapClientState, command?: ImapCommand): Uint8Array {
  return state.at === 'start' ? (command?.tag ?? untagged) : state.tag;
}

function completed(command: ImapCommand, before?: Uint8Array): Step {
  return commands(completion(command, before));
}

function completion(command: ImapCommand, before?: Uint8Array): ClientAction {
  return send(tagged(command.tag, replies.status.completed, before));
}

function invalid(tag: Uint8Array): Step {
  return commands(bad(tag));
}

function bad(tag: Uint8Array): ClientAction {
  return send(tagged(tag, replies.status.invalid));
}

function send(bytes: Uint8Array): ClientAction {
  return { do: 'send', bytes };
}

/** Back at the start: the next line is a command. */
function commands(...actions: readonly ClientAction[]): Step {
  return { state: start, expect: 'command', actions };
}
