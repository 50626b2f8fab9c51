/**
 * Plays a protocol's client dialog on a socket: feeds the parser, takes the dialog's steps, keeps the deadline, fires the
 * hooks. arrival.ts -> greeting -> command* -> [handshake.ts -> command*] -> login.ts -> relayed-session.ts
 */
import { isTapped } from '../cycle/hooks.js';
import type { Connection, Receiver } from '../net/connection.js';
import { linger } from '../net/linger.js';
import type { Expiring } from '../net/sweep.js';
import { logBrokenClient } from './broken-peer.js';
import { ClientConversation } from './client-conversation.js';
import { timedOut } from './errors.js';
import { handshake } from './handshake.js';
import { logIn, type LoginOutcome } from './login.js';
import type { MailSession } from './mail-session.js';
import type { CloseReason } from './phases.js';
import type { ClientAction, ClientEvent, CommandView, Parsed, Protocol } from './protocol.js';
import { RelayedSession } from './relayed-session.js';
import type { MailRuntime } from './runtime.js';

/** Unsent reply bytes above which no further command is taken. */
const unsentLimit = 64 * 1024;

/** Bytes a client may send ahead while something else has to happen first; beyond it is not read. */
const aheadLimit = 64 * 1024;

/** What the session waits for: the time to greet, a module, TLS or the socket, a command, a login attempt, or nothing. */
type Phase = 'held' | 'busy' | 'handshake' | 'command' | 'login' | 'over';

/** Takes one session from accept to relay. */
export class Driver<C extends CommandView, S, U, Conf extends object>
  implements Receiver, Expiring
{
  expiresAt = 0;
  readonly #conversation: ClientConversation<C, S, U, Conf>;
  readonly #internalError: Uint8Array;
  readonly #session: MailSession;
  readonly #connection: Connection;
  readonly #runtime: MailRuntime;
  #phase: Phase = 'busy';
  #errors = 0;

  constructor(protocol: Protocol<C, S, U, Conf>, session: MailSession, runtime: MailRuntime) {
    this.#conversation = new ClientConversation(protocol, session);
    this.#internalError = protocol.replies.internalError;
    this.#session = session;
    this.#connection = session.connection;
    this.#runtime = runtime;
    session.conversation = this.#conversation;
  }

  /** Takes the connection over and greets the client; `ahead` is what it has sent already. */
  start(ahead?: Buffer): void {
    this.#connection.receiver = this;
    this.#runtime.sessions.add(this.#session);
    const delayMs = this.#conversation.greetingDelayMs;
    if (delayMs > 0) this.#holdGreeting(delayMs);
    else this.#greet();
    if (ahead !== undefined && ahead.length > 0 && !this.#isOver()) this.received(ahead);
    if (this.#connection.peerEnded && !this.#isOver()) this.ended();
  }

  #holdGreeting(delayMs: number): void {
    this.#phase = 'held';
    this.#session.log.action = 'in delay pipelining state';
    this.#runtime.sweep.add(this, delayMs);
  }

  #greet(): void {
    this.#session.log.action = 'sending client greeting line';
    this.#watch();
    this.#phase = 'command';
    this.#take({ kind: 'greet' });
    this.#advance();
  }

  received(bytes: Buffer): void {
    if (this.#phase === 'held') {
      this.#performAll(this.#conversation.early(bytes));
      return;
    }
    if (this.#phase === 'command') this.#session.log.action = 'in auth state';
    this.#conversation.push(bytes);
    this.#advance();
    if (this.#phase === 'over') return;
    this.#conversation.retain();
    if (this.#phase !== 'command' && this.#conversation.unread > aheadLimit)
      this.#connection.stop();
  }

  /**
   * The client has finished sending. Who sent its whole session ahead still gets the answers; anybody else has left, and
   * what the session waits for is given up.
   */
  ended(): void {
    if (this.#phase === 'handshake') return;
    const waiting = this.#phase === 'login' || this.#phase === 'busy';
    if (!waiting || this.#conversation.unread === 0) this.#close('client');
  }

  closed({ tls }: Connection, error: NodeJS.ErrnoException | undefined): void {
    if (this.#phase === 'over' || this.#phase === 'handshake') return;
    if (this.#phase === 'command') this.#session.log.action = 'in auth state';
    if (error !== undefined) logBrokenClient(error, this.#session.log, tls !== undefined);
    this.#finish('client');
  }

  /** `timeout` is absolute: from the greeting, or from a refusal that was held back, to the next credentials. */
  expired(): void {
    switch (this.#phase) {
      case 'held':
        this.#greet();
        return;
      case 'handshake':
        // Without a line in the log, as in nginx.
        this.#finish('timeout');
        this.#connection.destroy();
        return;
      default:
        this.#timeOut();
    }
  }

  #timeOut(): void {
    this.#session.log.action = 'in auth state';
    this.#session.log.info('client timed out', timedOut);
    this.#close('timeout');
  }

  /** Takes commands as long as there are any and nothing else has to happen first. */
  #advance(): void {
    try {
      let isMore = true;
      while (isMore && this.#phase === 'command') isMore = this.#takeNext();
    } catch (error) {
      this.#fault(error);
    }
  }

  /** Takes the next command; false when there is none or something else has to happen first. */
  #takeNext(): boolean {
    if (this.#connection.unsent > unsentLimit) {
      this.#waitUntilSent();
      return false;
    }
    const parsed = this.#conversation.next();
    if (parsed === undefined) return false;
    if (parsed.kind === 'command' && isTapped(this.#runtime.hooks.command)) {
      void this.#ask(parsed);
      return false;
    }
    this.#take(parsed);
    return true;
  }

  #waitUntilSent(): void {
    this.#phase = 'busy';
    this.#connection.stop();
    this.#connection.whenFlushed(() => {
      if (this.#isBusy()) this.#resume();
    });
  }

  /** Asked after a wait, in which anything may have happened. */
  #isBusy(): boolean {
    return this.#phase === 'busy';
  }

  #isOver(): boolean {
    return this.#phase === 'over';
  }

  /** Lets modules answer or forbid a command before the dialog sees it. The tap has a deadline; the client waits. */
  async #ask(parsed: Extract<Parsed<C>, { kind: 'command' }>): Promise<void> {
    this.#phase = 'busy';
    this.#runtime.sweep.delete(this);
    const { command } = parsed;
    try {
      const reply = await this.#runtime.hooks.command.promise(this.#session, command);
      if (!this.#isBusy()) return;
      this.#phase = 'command';
      this.#runtime.sweep.add(this, this.expiresAt - performance.now());
      this.#take(reply === undefined ? parsed : { kind: 'replied', command, reply });
    } catch (error) {
      this.#fault(error);
      return;
    }
    this.#resume();
  }

  /** Goes on with commands after a wait. */
  #resume(): void {
    if (this.#phase === 'busy') this.#phase = 'command';
    this.#advance();
    if (this.#phase === 'command' && this.#connection.peerEnded) this.#close('client');
    if (this.#phase !== 'over') this.#connection.start();
  }

  #take(event: ClientEvent<C>): void {
    this.#performAll(this.#step(event));
  }

  #performAll(actions: readonly ClientAction[]): void {
    for (const action of actions) {
      if (this.#phase === 'over') return;
      this.#perform(action);
    }
  }

  /** A dialog that throws is a fault of its package and ends this session only. */
  #step(event: ClientEvent<C>): readonly ClientAction[] {
    try {
      return this.#conversation.step(event);
    } catch (error) {
      this.#fault(error);
      return [];
    }
  }

  #perform(action: ClientAction): void {
    switch (action.do) {
      case 'send':
        this.#connection.send(action.bytes);
        return;
      case 'authenticate':
        this.#phase = 'login';
        this.#runtime.sweep.delete(this);
        this.#session.submit(action.credentials);
        void this.#logIn();
        return;
      case 'log':
        this.#session.log.info(action.message);
        return;
      case 'countError':
        this.#errors += 1;
        if (this.#errors < this.#session.server.maxErrors) return;
        this.#session.log.info('client sent too many invalid commands');
        this.#close('refused');
        return;
      case 'startTls':
        void this.#secure();
        return;
      case 'close':
        this.#close('logout');
        return;
      default:
        action satisfies never;
    }
  }

  /** STARTTLS. As in nginx the deadline stays that of the greeting, for the handshake and for what follows inside. */
  async #secure(): Promise<void> {
    const session = this.#session;
    this.#phase = 'handshake';
    this.#conversation.secure();
    session.usingStartTls = true;
    session.log.action = 'in starttls state';
    let isSecured: boolean;
    try {
      isSecured = await handshake(session);
    } catch (error) {
      this.#fault(error);
      return;
    }
    if (this.#isOver()) return;
    if (!isSecured) {
      this.#close('refused');
      return;
    }
    this.#phase = 'busy';
    this.#resume();
  }

  async #logIn(): Promise<void> {
    const outcome = await logIn(this.#session, this.#runtime);
    if (outcome !== undefined && this.#phase === 'login') this.#conclude(outcome);
  }

  #conclude(outcome: LoginOutcome): void {
    switch (outcome.kind) {
      case 'ready':
        this.#relay(outcome);
        return;
      case 'failed':
        this.#connection.send(outcome.reply ?? this.#internalError);
        this.#close('error');
        return;
      case 'refused':
        this.#session.abandonAttempt();
        this.#phase = 'command';
        this.#watch();
        this.#take(outcome);
        if (outcome.reply.close === true) this.#close('refused');
        this.#resume();
        return;
      case 'broken':
        this.#fault(outcome.error);
        return;
      default:
        outcome satisfies never;
    }
  }

  #relay(login: Extract<LoginOutcome, { kind: 'ready' }>): void {
    const session = this.#session;
    // A worker whose time is up ends the relay as it begins: then the login gets no reply either.
    if (!this.#runtime.shutDown) {
      this.#connection.send(login.reply);
      login.connection.send(this.#conversation.takeUnread());
    }
    session.log.action = '';
    session.log.info('client logged in');
    this.#leave();
    session.conversation = undefined;
    session.abandonAttempt();
    new RelayedSession(session, login, this.#runtime).start();
  }

  /** A module failed, or the session cannot go on for a reason that is not the client's. */
  #fault(error: unknown): void {
    if (this.#phase === 'over') return;
    this.#session.log.fault(error);
    this.#connection.send(this.#internalError);
    this.#close('error');
  }

  /** Ends the session once everything is sent. */
  #close(reason: CloseReason): void {
    if (this.#phase === 'over') return;
    this.#finish(reason);
    linger(this.#connection, this.#runtime.sweep);
  }

  #finish(reason: CloseReason): void {
    this.#leave();
    this.#session.finish(reason, this.#runtime.hooks);
  }

  #leave(): void {
    this.#phase = 'over';
    this.#runtime.sweep.delete(this);
    this.#runtime.sessions.delete(this.#session);
  }

  #watch(): void {
    this.#runtime.sweep.add(this, this.#session.server.timeoutMs);
  }
}
