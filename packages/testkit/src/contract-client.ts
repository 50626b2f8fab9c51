/** A client of a protocol in memory, as the contract needs it: the parser and the client dialog, and nothing around. */
import type {
  ClientAction,
  ClientEvent,
  CommandView,
  DialogContext,
  Expectation,
  Parser,
  Protocol,
  Security,
} from '@postern/core';

/** The context of a session whose server has this configuration. */
export function contextOf<Conf extends object>(
  conf: Conf,
  security: Security = 'none',
): DialogContext<Conf> {
  const serverName = 'mail.example.com';
  let salts = 0;
  return {
    conf,
    serverName,
    security,
    authzid: 'refuse',
    salt: () => `<${String(++salts)}.1795358711@${serverName}>`,
  };
}

/** One session: takes bytes and events, keeps the dialog's state, gives the actions. */
export class ContractClient<C extends CommandView, S, U, Conf extends object> {
  readonly parser: Parser<C>;
  state: S;
  readonly #protocol: Protocol<C, S, U, Conf>;
  readonly #context: DialogContext<Conf>;
  #expect: Expectation = 'command';

  constructor(protocol: Protocol<C, S, U, Conf>, context: DialogContext<Conf>) {
    this.parser = protocol.createParser(context.conf);
    this.state = protocol.client.initial();
    this.#protocol = protocol;
    this.#context = context;
  }

  /** What is done about one event. */
  take(event: ClientEvent<C>): readonly ClientAction[] {
    const { state, expect, actions } = this.#protocol.client.step(this.state, event, this.#context);
    this.state = state;
    this.#expect = expect;
    return actions;
  }

  /** What is done about all commands in `bytes`, up to a login, a change to TLS or a close. */
  hear(bytes: Uint8Array): readonly ClientAction[] {
    const done: ClientAction[] = [];
    this.parser.push(Buffer.from(bytes));
    while (!done.some(({ do: what }) => endings.has(what))) {
      const parsed = this.parser.next(this.#expect);
      if (parsed === undefined) break;
      done.push(...this.take(parsed));
    }
    this.parser.retain();
    return done;
  }
}

const endings = new Set<ClientAction['do']>(['authenticate', 'startTls', 'close']);

/** The bytes of every `send`. */
export function sentBy(actions: readonly ClientAction[]): Buffer {
  return Buffer.concat(actions.flatMap((each) => (each.do === 'send' ? [each.bytes] : [])));
}

/** The messages of every `log`. */
export function loggedBy(actions: readonly ClientAction[]): string {
  return actions.flatMap((each) => (each.do === 'log' ? [each.message] : [])).join('\n');
}
