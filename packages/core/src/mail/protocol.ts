/**
 * What a protocol package supplies: a parser (bytes to commands), a client dialog and an upstream dialog (pure step
 * functions), and a few texts. The driver owns sockets and timers and knows no protocol's name.
 */
import type { AnyModule, ConfOf } from '../module/module.js';
import type { AuthMethod, SubmittedCredentials } from './credentials.js';
import type { Peer } from './peer.js';
import type { Secret } from './secret.js';

/** A command as modules see it in the `command` hook. Arguments that may hold a secret are left out. */
export interface CommandView {
  /** Upper case, for instance `LOGIN`. */
  readonly name: string;
  readonly args: readonly Uint8Array[];
}

/** What a parser makes of the bytes so far. */
export type Parsed<C extends CommandView> =
  | { readonly kind: 'command'; readonly command: C }
  /** The client waits to be invited to send more of this command (an IMAP literal). */
  | { readonly kind: 'invitation'; readonly command: C }
  /** One SASL answer line, while the dialog expects one. */
  | { readonly kind: 'answer'; readonly line: Uint8Array }
  /** Not a command. `fatal`: what follows cannot be told from commands, so the session must end. */
  | { readonly kind: 'invalid'; readonly command: C; readonly fatal: boolean }
  /** More bytes than one command may have. `length` is how many were held. */
  | { readonly kind: 'overflow'; readonly command: C; readonly length: number };

/**
 * What the client's next bytes are: a command, the answer to a SASL challenge, or the rest of what was invited. After
 * an invitation anything but `rest` tells the parser that the client was not invited: it forgets the command.
 */
export type Expectation = 'command' | 'answer' | 'rest';

/**
 * Bytes in, commands out. No I/O; never holds more than its limit; the result does not depend on how the bytes were
 * cut into chunks.
 */
export interface Parser<C extends CommandView> {
  /** Gives the parser bytes. They must stay unchanged until `next()` has returned undefined or `retain()` was called. */
  push(bytes: Uint8Array): void;
  /** The next command, or undefined when more bytes are needed. */
  next(expect: Expectation): Parsed<C> | undefined;
  /** Bytes given and not yet part of a command. */
  readonly unread: number;
  /** Copies the unread bytes, so that the caller may reuse its buffer. */
  retain(): void;
  /** Takes the unread bytes away: what the client pipelined behind its login. */
  takeUnread(): Uint8Array;
  /** Forgets everything, unread bytes too (STARTTLS). */
  reset(): void;
}

/** A reply that a module or the auth service asks for; the protocol gives it its form. */
export interface Reply {
  readonly status: 'ok' | 'refused';
  /** One line of text without line end: a string goes out in UTF-8, bytes as they are. */
  readonly text: string | Uint8Array;
  /** SMTP reply code with its enhanced code, for instance `550 5.7.1`. */
  readonly code?: string;
  /** Ends the session once the reply is sent. */
  readonly close?: boolean;
}

/**
 * TLS as the dialogs see it: not offered, offered, demanded before a login, or on.
 * nginx: `starttls off`, `on`, `only`, and a session inside TLS.
 */
export type Security = 'none' | 'offered' | 'required' | 'active';

/** What dialogs may ask of their session. */
export interface DialogContext<Conf extends object> {
  readonly conf: Conf;
  readonly serverName: string;
  readonly security: Security;
  /** What is done with a SASL PLAIN login that asks to act for somebody else (`sasl_authzid`). */
  readonly authzid: 'refuse' | 'ignore';
  /** A new CRAM-MD5 / APOP challenge `<R.T@server_name>`, unpredictable, never the same twice. */
  salt(): string;
}

/** What happened on the client's side: what the parser made of the client's bytes, or what the driver has to tell. */
export type ClientEvent<C extends CommandView> =
  | Parsed<C>
  | { readonly kind: 'greet' }
  /** A module answered the command itself. */
  | { readonly kind: 'replied'; readonly command: C; readonly reply: Reply }
  /** Credentials were refused, after the wait that the auth service asked for. */
  | { readonly kind: 'refused'; readonly reply: Reply };

/** What the driver shall do. */
export type ClientAction =
  | { readonly do: 'send'; readonly bytes: Uint8Array }
  | { readonly do: 'authenticate'; readonly credentials: SubmittedCredentials }
  /** After the reply is sent: forget unread input and start TLS. */
  | { readonly do: 'startTls' }
  /** A line for the log at level info. Never holds client bytes of a credential. */
  | { readonly do: 'log'; readonly message: string }
  /** Counts towards `max_errors`. */
  | { readonly do: 'countError' }
  /** Ends the session once everything is sent. */
  | { readonly do: 'close' };

/** The result of a step: the next state, what the client's next line is, and what to do. */
export interface ClientStep<S> {
  readonly state: S;
  readonly expect: Expectation;
  readonly actions: readonly ClientAction[];
}

/** The client's side of a protocol before login. Pure: no I/O, no clock. */
export interface ClientDialog<S, C extends CommandView, Conf extends object> {
  initial(): S;
  step(state: S, event: ClientEvent<C>, context: DialogContext<Conf>): ClientStep<S>;
  /** The state after STARTTLS: nothing the client said in the clear survives. */
  secured(state: S): S;
}

/** What an upstream dialog needs to log in. */
export interface UpstreamLogin<S, Conf extends object> {
  readonly conf: Conf;
  readonly serverName: string;
  readonly login: Uint8Array;
  readonly secret: Secret | undefined;
  /** The client dialog's last state: the IMAP tag, the SMTP envelope. */
  readonly client: S;
  readonly method: AuthMethod;
  /** The client, after realip. */
  readonly peer: Peer;
  /** The client's verified host name, `[UNAVAILABLE]` or `[TEMPUNAVAIL]`; undefined where it is not looked up. */
  readonly clientName: string | undefined;
  /** Whether TLS is to be started by command before anything of the client is sent (`proxy_ssl starttls`). */
  readonly startTls: boolean;
}

/** The result of one step of the backend's login. */
export type UpstreamStep<U> =
  /** Send `bytes` and wait for a reply. `while` is the action of later log lines. */
  | { readonly do: 'send'; readonly state: U; readonly bytes: Uint8Array; readonly while: string }
  /** Nothing to send; the next reply decides. */
  | { readonly do: 'wait'; readonly state: U }
  /** Logged in. `reply` goes to the client; what the backend sent behind it follows. */
  | { readonly do: 'relay'; readonly reply: Uint8Array }
  /**
   * Refused. `text` is logged; `reply`, where there is one, may be passed to the client with
   * `proxy_pass_error_message on`.
   */
  | { readonly do: 'fail'; readonly text: Uint8Array; readonly reply?: Uint8Array }
  /** The backend has agreed to TLS: start it, then ask `secured` how to go on. Bytes behind the reply are a fault. */
  | { readonly do: 'startTls'; readonly state: U }
  /** The login cannot go on for a reason of our own, which is logged at level error; `while` is the action of that line. */
  | { readonly do: 'abort'; readonly message: string; readonly while?: string };

/** The backend's side of a protocol. Pure. */
export interface UpstreamDialog<U, S, Conf extends object> {
  /** The state in which the greeting is awaited. Throws {@link UnsafeCredentials} if the login cannot be sent. */
  start(login: UpstreamLogin<S, Conf>): U;
  /** Length of the first complete reply in `buffer` for the given state, or 0 while it is incomplete. */
  replyLength(state: U, buffer: Uint8Array): number;
  step(state: U, reply: Uint8Array): UpstreamStep<U>;
  /** TLS was started after a `startTls` step: what is said first inside it. What was learnt in the clear is forgotten. */
  secured(state: U): UpstreamStep<U>;
  /** Steps done so far, in printable names, for the log of a failure. */
  progress(state: U): string;
}

/** How a greeting is held back. nginx: `smtp_greeting_delay`. */
export interface HeldGreeting<Conf extends object> {
  /** Milliseconds before the greeting is sent; 0 greets at once. */
  delayMs(conf: Conf): number;
  /** What is done with a client that spoke before it was greeted; `bytes` are what it sent first. Ends in `close`. */
  early(bytes: Uint8Array): readonly ClientAction[];
}

/** A mail protocol. Registered in the `protocols` hook. */
export interface Protocol<
  C extends CommandView = CommandView,
  S = unknown,
  U = unknown,
  Conf extends object = object,
> {
  /** Value of the `protocol` directive and of `Auth-Protocol`. */
  readonly name: string;
  /** Ports from which `listen` guesses the protocol. */
  readonly ports: readonly number[];
  /** The ALPN name. */
  readonly alpn: string;
  readonly replies: {
    /** With line end. Sent before the session is closed for a fault that is not the client's. */
    readonly internalError: Uint8Array;
    readonly certificateError: Uint8Array;
    readonly noCertificate: Uint8Array;
  };
  /** Whether a login needs a password for the backend (`Auth-Pass`); SMTP does not. */
  readonly needsSecret: boolean;
  /** Whether the client's host name is looked up before the greeting (hook `identify`). */
  readonly namesClient: boolean;
  /** A greeting that is held back to find clients that do not wait for it. */
  readonly heldGreeting?: HeldGreeting<Conf>;
  /** The configuration of this protocol for a server, given to dialogs as `context.conf`. */
  conf(conf: ConfLookup): Conf;
  createParser(conf: Conf): Parser<C>;
  readonly client: ClientDialog<S, C, Conf>;
  readonly upstream: UpstreamDialog<U, S, Conf>;
}

/** Access to the configuration of a server by module descriptor. */
export type ConfLookup = <M extends AnyModule>(module: M) => ConfOf<M>;
