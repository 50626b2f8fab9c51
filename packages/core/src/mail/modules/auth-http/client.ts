/**
 * The auth_http client: asks an auth server on a kept connection where there is one, else on a new one. nginx opens a
 * connection for each login; keeping up to `auth_http_keepalive` of them per server saves the largest single cost of a
 * login. One deadline bounds an exchange, and it ends at once when nobody waits for it any more.
 */
import type { ConnectionSlots } from '../../../net/slots.js';
import { Sweep, type Expiring } from '../../../net/sweep.js';
import type { Answer, Question } from './answer.js';
import { AuthConnection, type Asker, type ConnectionKeeper } from './auth-connection.js';

/** Milliseconds an idle connection is kept, and that the rest of a body may take. */
const idleMs = 60_000;

/** Asks auth servers; one per configuration generation and worker. */
export class AuthClient implements ConnectionKeeper {
  readonly #slots: ConnectionSlots;
  readonly #sweep = new Sweep();
  /** Idle connections by the name of their server, the last used at the end. */
  readonly #idle = new Map<string, AuthConnection[]>();
  /** Connections without an asker: idle, or skipping a body. */
  readonly #unasked = new Set<AuthConnection>();
  #ended = false;

  constructor(slots: ConnectionSlots) {
    this.#slots = slots;
    slots.spares.add(this.#giveBack);
  }

  /** Makes one request. Never rejects. */
  ask(question: Question): Promise<Answer> {
    return new Promise((resolve) => {
      new Exchange(this, this.#sweep, question, resolve).start();
    });
  }

  /** A kept connection to the server of `question`, or undefined. */
  takeKept(question: Question): AuthConnection | undefined {
    const connection = this.#idle.get(question.service.name)?.pop();
    if (connection === undefined) return undefined;
    this.#unasked.delete(connection);
    this.#sweep.delete(connection);
    return connection;
  }

  /** A new connection, or undefined when all `worker_connections` are taken. */
  open(question: Question): AuthConnection | undefined {
    if (this.#slots.take() === undefined) return undefined;
    return new AuthConnection(question.service, this.#slots, this);
  }

  keep(connection: AuthConnection): boolean {
    if (this.#ended) return false;
    const { name } = connection.service;
    const idle = this.#idle.get(name);
    if (idle !== undefined && idle.length >= connection.keepAlive) return false;
    if (idle === undefined) this.#idle.set(name, [connection]);
    else idle.push(connection);
    this.#watch(connection);
    return true;
  }

  skipping(connection: AuthConnection): void {
    if (this.#ended) connection.close();
    else if (!this.#unasked.has(connection)) this.#watch(connection);
  }

  #watch(connection: AuthConnection): void {
    this.#unasked.add(connection);
    this.#sweep.add(connection, idleMs);
  }

  drop(connection: AuthConnection): void {
    this.#unasked.delete(connection);
    this.#sweep.delete(connection);
    const { name } = connection.service;
    const idle = this.#idle.get(name);
    const index = idle?.indexOf(connection) ?? -1;
    if (index < 0) return;
    idle?.splice(index, 1);
    if (idle?.length === 0) this.#idle.delete(name);
  }

  /** Lets the connection go that has been idle longest: who needs its slot now comes first. */
  readonly #giveBack = (): boolean => {
    const [longest] = this.#unasked;
    longest?.giveWay();
    return longest !== undefined;
  };

  /** Closes what is idle and keeps nothing from here on; requests under way go on to their end. */
  end(): void {
    this.#ended = true;
    this.#slots.spares.delete(this.#giveBack);
    for (const connection of [...this.#unasked]) connection.close();
  }
}

/** One question on its way to its answer. */
class Exchange implements Asker, Expiring {
  expiresAt = 0;
  readonly #client: AuthClient;
  readonly #sweep: Sweep;
  readonly #question: Question;
  readonly #resolve: (answer: Answer) => void;
  #connection: AuthConnection | undefined;

  constructor(
    client: AuthClient,
    sweep: Sweep,
    question: Question,
    resolve: (answer: Answer) => void,
  ) {
    this.#client = client;
    this.#sweep = sweep;
    this.#question = question;
    this.#resolve = resolve;
  }

  start(): void {
    const { attempt, timeoutMs } = this.#question;
    if (attempt.closed) {
      this.#settle({ kind: 'abandoned' });
      return;
    }
    attempt.onAbandon(this.#abandon);
    this.#sweep.add(this, timeoutMs);
    this.#askOn(this.#client.takeKept(this.#question) ?? this.#client.open(this.#question));
  }

  #askOn(connection: AuthConnection | undefined): void {
    this.#connection = connection;
    if (connection === undefined) this.#settle({ kind: 'exhausted' });
    else connection.ask(this.#question.request, this.#question.keepAlive, this);
  }

  answered(answer: Answer, untouched: boolean): void {
    const lost = answer.kind === 'incomplete' || answer.kind === 'broken';
    if (lost && untouched && this.#connection?.reused === true) {
      // The server closed the kept connection while the request was on its way: once more, on a new one.
      this.#askOn(this.#client.open(this.#question));
    } else {
      this.#settle(answer);
    }
  }

  /** The deadline has passed. */
  expired(): void {
    this.#connection?.close();
    this.#settle({ kind: 'timeout' });
  }

  readonly #abandon = (): void => {
    this.#connection?.close();
    this.#settle({ kind: 'abandoned' });
  };

  #settle(answer: Answer): void {
    this.#sweep.delete(this);
    this.#question.attempt.offAbandon(this.#abandon);
    this.#question.request.fill(0);
    this.#resolve(answer);
  }
}
