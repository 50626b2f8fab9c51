/**
 * The client's side of SMTP before login, as nginx's `ngx_mail_smtp_auth_state`. Pure.
 *
 * Two kinds of wrong commands get the same reply: what the parser refuses counts towards `max_errors`, what is
 * refused here does not. Stricter than nginx: controls in the name of a client or in an envelope are refused, since
 * both go to the auth service and to the backend.
 */
import {
  answerSasl,
  startSasl,
  type ClientAction,
  type ClientDialog,
  type ClientEvent,
  type ClientStep,
  type DialogContext,
  type SaslOptions,
  type SaslState,
  type SaslStep,
} from '@postern/core';
import type { EhloReplies, SmtpAuthMethod } from './capabilities.js';
import type { SmtpCommand } from './command.js';
import {
  afterTls,
  commandText,
  hasControl,
  named,
  nothingSaid,
  quoted,
  withoutMessage,
  type Introduction,
} from './envelope.js';
import { challengeLine, line, replies, replyLine } from './replies.js';

/** Where the client is, and what it has said so far. */
export type SmtpClientState =
  | { readonly at: 'commands'; readonly said: Introduction }
  | { readonly at: 'exchange'; readonly said: Introduction; readonly sasl: SaslState };

/** What the dialog needs of a server's configuration. */
export interface SmtpClientConf {
  readonly auth: readonly SmtpAuthMethod[];
  readonly ehloReplies: EhloReplies;
}

type Context = DialogContext<SmtpClientConf>;
type Step = ClientStep<SmtpClientState>;

const nothing = new Uint8Array(0);

/** The code of a refusal for which the auth service names none (RFC 3463: security or policy status). */
const refusedLogin = '535 5.7.0';
/** The code of a command that a module refuses without naming one. */
const refusedCommand = '550 5.7.1';

/** The dialog. */
export const smtpClientDialog: ClientDialog<SmtpClientState, SmtpCommand, SmtpClientConf> = {
  initial: () => ({ at: 'commands', said: nothingSaid }),
  step,
  secured: ({ said }) => ({ at: 'commands', said: afterTls(said) }),
};

/** What is done with a client that spoke before it was greeted (`smtp_greeting_delay`). */
export function refuseEarly(bytes: Uint8Array): readonly ClientAction[] {
  const message = `client was rejected before greeting: "${quoted(bytes)}"`;
  return [{ do: 'log', message }, send(replies.tooEarly), { do: 'close' }];
}

function step(state: SmtpClientState, event: ClientEvent<SmtpCommand>, context: Context): Step {
  const { said } = state;
  switch (event.kind) {
    case 'greet':
      return answer(said, line(`220 ${context.serverName} ESMTP ready`));
    case 'command':
      return onCommand(said, event.command, context);
    case 'answer':
      if (state.at !== 'exchange') return answer(said, replies.invalidCommand);
      return onSasl(said, answerSasl(state.sasl, event.line));
    case 'invitation':
      return answer(said, replies.invalidCommand);
    case 'invalid':
      return commands(said, send(replies.invalidCommand), { do: 'countError' });
    case 'overflow':
      return onOverflow(said, event.command, event.length);
    case 'replied':
      return onReply(said, replyLine(event.reply, refusedCommand), event.reply.close);
    case 'refused':
      return onReply(said, replyLine(event.reply, refusedLogin), event.reply.close);
  }
}

function onCommand(said: Introduction, command: SmtpCommand, context: Context): Step {
  switch (command.name) {
    case 'HELO':
    case 'EHLO':
      return onHello(said, command, command.name, context);
    case 'NOOP':
      return answer(said, replies.ok);
    case 'RSET':
      return answer(withoutMessage(said), replies.ok);
    case 'QUIT':
      return commands(said, send(replies.bye), { do: 'close' });
    case 'STARTTLS':
      return onStartTls(said, context);
    case 'AUTH':
      return onAuth(said, command, context);
    case 'MAIL':
      return onMail(said, command, context);
    case 'RCPT':
      return onRcpt(said, command);
    default:
      // VRFY, EXPN and HELP are known, and refused without being counted.
      return answer(said, replies.invalidCommand);
  }
}

/** RFC 5321, section 4.1.1.1. */
function onHello(
  said: Introduction,
  command: SmtpCommand,
  verb: 'HELO' | 'EHLO',
  { conf, security, serverName }: Context,
): Step {
  const [name, ...more] = command.args;
  if (name === undefined || more.length > 0 || hasControl(name)) {
    return answer(said, replies.invalidArgument);
  }
  const reply = verb === 'EHLO' ? conf.ehloReplies[security] : line(`250 ${serverName}`);
  return answer(named(said, name, verb), reply);
}

/** RFC 3207. Arguments are passed over, as in nginx. */
function onStartTls(said: Introduction, { security }: Context): Step {
  if (security !== 'offered' && security !== 'required') {
    return answer(said, replies.invalidCommand);
  }
  return commands(said, send(replies.startTls), { do: 'startTls' });
}

/** RFC 4954; needs no EHLO before it. In clear text under `starttls only` nobody is invited to send a password. */
function onAuth(said: Introduction, command: SmtpCommand, context: Context): Step {
  if (context.security === 'required') return answer(said, replies.invalidCommand);
  if (command.operands.length === 0) return answer(said, replies.invalidArgument);
  const words = command.operands.map((operand) => operand.reveal());
  return onSasl(said, startSasl(words, saslOptions(context)));
}

/** A fresh challenge for each exchange; nginx keeps one for the session. */
function saslOptions(context: Context): SaslOptions {
  const { conf, authzid } = context;
  return { enabled: conf.auth, authzid, salt: () => context.salt() };
}

function onSasl(said: Introduction, result: SaslStep): Step {
  switch (result.kind) {
    case 'challenge':
      return {
        state: { at: 'exchange', said, sasl: result.state },
        expect: 'answer',
        actions: [send(challengeLine(result.challenge))],
      };
    case 'credentials':
      return commands(said, { do: 'authenticate', credentials: result.credentials });
    case 'invalid': {
      const reply = send(replies.invalidCommand);
      if (result.log === undefined) return commands(said, reply);
      return commands(said, { do: 'log', message: result.log }, reply);
    }
  }
}

/**
 * RFC 5321, section 4.1.1.2. Without `none` in `smtp_auth` nobody sends without a login, and the log tells who tried.
 * As in nginx `starttls only` does not hold this path: there is no password in it.
 */
function onMail(said: Introduction, command: SmtpCommand, { conf }: Context): Step {
  if (!conf.auth.includes('none')) {
    const message = `client was rejected: "${quoted(command.typed)}"`;
    return commands(said, { do: 'log', message }, send(replies.authRequired));
  }
  if (said.from.length > 0) return answer(said, replies.badSequence);
  const from = commandText(command.typed);
  if (isBadEnvelope(command, from)) return answer(said, replies.invalidArgument);
  return answer({ ...said, from }, replies.ok);
}

/** RFC 5321, section 4.1.1.3. The first recipient that is accepted decides; all that follows is the backend's. */
function onRcpt(said: Introduction, command: SmtpCommand): Step {
  if (said.from.length === 0) return answer(said, replies.badSequence);
  const to = commandText(command.typed);
  if (isBadEnvelope(command, to)) return answer(said, replies.invalidArgument);
  const { helo, from } = said;
  const envelope = { helo, from, to };
  const credentials = { method: 'none', login: nothing, secret: nothing, envelope } as const;
  return commands({ ...said, to }, { do: 'authenticate', credentials });
}

function isBadEnvelope({ args }: SmtpCommand, text: Uint8Array): boolean {
  return args.length === 0 || hasControl(text);
}

/** nginx logs what the client sent; that may be a password, so here it is the verb and the length. */
function onOverflow(said: Introduction, { name }: SmtpCommand, length: number): Step {
  const message = `client sent too long command "${name}" of ${String(length)} bytes`;
  return commands(said, { do: 'log', message }, send(replies.invalidCommand), { do: 'close' });
}

/** A module or the auth service has spoken. */
function onReply(said: Introduction, bytes: Uint8Array, close: boolean | undefined): Step {
  return close === true ? commands(said, send(bytes), { do: 'close' }) : answer(said, bytes);
}

function answer(said: Introduction, bytes: Uint8Array): Step {
  return commands(said, send(bytes));
}

function send(bytes: Uint8Array): ClientAction {
  return { do: 'send', bytes };
}

/** The next line is a command; an exchange is over. */
function commands(said: Introduction, ...actions: readonly ClientAction[]): Step {
  return { state: { at: 'commands', said }, expect: 'command', actions };
}
