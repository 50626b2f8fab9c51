/** Binds a protocol's parser and client dialog to one session: bytes in, actions out. */
import { SessionContext } from './dialog-context.js';
import type { MailSession } from './mail-session.js';
import type {
  ClientAction,
  ClientEvent,
  CommandView,
  Expectation,
  Parsed,
  Parser,
  Protocol,
} from './protocol.js';
import { Conversation } from './conversation.js';
import type { BackendConversation } from './session.js';

/** The client's side of one session. What it throws is a fault of the protocol's package. */
export class ClientConversation<C extends CommandView, S, U, Conf extends object> {
  readonly #protocol: Protocol<C, S, U, Conf>;
  readonly #context: SessionContext<Conf>;
  readonly #parser: Parser<C>;
  #state: S;
  #expect: Expectation = 'command';

  constructor(protocol: Protocol<C, S, U, Conf>, session: MailSession) {
    const conf = protocol.conf(session.server.conf);
    this.#protocol = protocol;
    this.#context = new SessionContext(session, conf);
    this.#parser = protocol.createParser(conf);
    this.#state = protocol.client.initial();
  }

  /** Milliseconds for which the greeting is held back. */
  get greetingDelayMs(): number {
    return this.#protocol.heldGreeting?.delayMs(this.#context.conf) ?? 0;
  }

  /** What is done with a client that did not wait for its greeting. */
  early(bytes: Uint8Array): readonly ClientAction[] {
    return this.#protocol.heldGreeting?.early(bytes) ?? [];
  }

  /** Bytes that are not yet part of a command. */
  get unread(): number {
    return this.#parser.unread;
  }

  /** Takes bytes, which lie in a buffer that others use too: `retain` before it is read into again. */
  push(bytes: Uint8Array): void {
    this.#parser.push(bytes);
  }

  /** Copies what is unread. */
  retain(): void {
    this.#parser.retain();
  }

  /** What the client pipelined behind its login. */
  takeUnread(): Uint8Array {
    return this.#parser.takeUnread();
  }

  /** The next command, or undefined when more bytes are needed. */
  next(): Parsed<C> | undefined {
    return this.#parser.next(this.#expect);
  }

  /** Lets the dialog take an event; gives what is to be done. */
  step(event: ClientEvent<C>): readonly ClientAction[] {
    const { state, expect, actions } = this.#protocol.client.step(
      this.#state,
      event,
      this.#context,
    );
    this.#state = state;
    this.#expect = expect;
    return actions;
  }

  /** Forgets what came in the clear: before TLS starts. */
  secure(): void {
    this.#parser.reset();
    this.#state = this.#protocol.client.secured(this.#state);
    this.#expect = 'command';
  }

  /** Starts the backend's login on behalf of the client. Throws for credentials that cannot be sent. */
  converse({ startTls }: { readonly startTls: boolean }): BackendConversation {
    const login = this.#context.upstream(this.#state, startTls);
    return new Conversation(this.#protocol.upstream, login);
  }
}
