/**
 * One connection to an auth server. It carries one request at a time; once the header of the answer is complete the
 * asker is told, what is left of the body is skipped, and the connection goes back to its pool or is closed.
 */
import { Connection, type Receiver } from '../../../net/connection.js';
import type { ConnectionSlots } from '../../../net/slots.js';
import type { Expiring } from '../../../net/sweep.js';
import { BodySkipper } from './body.js';
import type { AuthResponse } from './response-fields.js';
import { ResponseParser } from './response.js';
import type { AuthService } from './url.js';
import type { Answer } from './answer.js';

/** Who waits for the answer. */
export interface Asker {
  /** The connection is done with the request. `untouched`: not one byte came. */
  answered(answer: Answer, untouched: boolean): void;
}

/** Where a connection goes when it can be used again, and where it is let go. */
export interface ConnectionKeeper {
  /** Takes an idle connection back; false if there are enough. */
  keep(connection: AuthConnection): boolean;
  /** The connection waits for the rest of a body. */
  skipping(connection: AuthConnection): void;
  /** The connection is closed. */
  drop(connection: AuthConnection): void;
}

/** A connection to an auth server. */
export class AuthConnection implements Receiver, Expiring {
  expiresAt = 0;
  /** Whether it has carried a request before. */
  reused = false;
  readonly service: AuthService;
  readonly #keeper: ConnectionKeeper;
  readonly #connection: Connection;
  #asker: Asker | undefined;
  #keepAlive = 0;
  #parser = new ResponseParser();
  #body: BodySkipper | undefined;
  #closed = false;

  /** Connects. The caller has taken one slot of `slots`, which goes back when the socket is gone. */
  constructor(service: AuthService, slots: ConnectionSlots, keeper: ConnectionKeeper) {
    this.service = service;
    this.#keeper = keeper;
    this.#connection = Connection.open(service.target, this, nothingToDo);
    this.#connection.slots = slots;
  }

  /** How many idle connections the last asker wants to be kept. */
  get keepAlive(): number {
    return this.#keepAlive;
  }

  /** Sends a request; `asker` is told once. `keepAlive` as in {@link Question}. */
  ask(request: Buffer, keepAlive: number, asker: Asker): void {
    this.#asker = asker;
    this.#keepAlive = keepAlive;
    if (this.reused) {
      this.#parser = new ResponseParser();
      this.#connection.ref();
    }
    this.#connection.send(request);
  }

  received(bytes: Buffer): void {
    if (this.#asker === undefined) {
      this.#skip(bytes);
      return;
    }
    const progress = this.#parser.push(bytes);
    switch (progress) {
      case 'more':
        return;
      case 'done':
        this.#finish(this.#parser.response, bytes.subarray(this.#parser.used));
        return;
      case 'invalid response':
        this.#fail({ kind: 'invalid', what: 'response' });
        return;
      case 'invalid header':
        this.#fail({ kind: 'invalid', what: 'header in response' });
        return;
      case 'too large':
        this.#fail({ kind: 'incomplete' });
        return;
      default:
        progress satisfies never;
    }
  }

  ended(): void {
    this.#fail({ kind: 'incomplete' });
  }

  closed(_connection: Connection, error: NodeJS.ErrnoException | undefined): void {
    this.#fail(error === undefined ? { kind: 'incomplete' } : { kind: 'broken', error });
  }

  /** Idle for too long, or the rest of a body did not come. */
  expired(): void {
    this.close();
  }

  /** Closes an idle connection whose slot is needed before its socket is gone. */
  giveWay(): void {
    this.#connection.slots?.release();
    this.#connection.slots = undefined;
    this.close();
  }

  /** Closes at once. An asker is not told. */
  close(): void {
    this.#asker = undefined;
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.destroy();
    this.#keeper.drop(this);
  }

  #finish(response: AuthResponse, rest: Buffer): void {
    const asker = this.#asker;
    this.#asker = undefined;
    // An answer to a request that has not left yet is no sign of a server that will answer the next one.
    const sent = this.#connection.flushed;
    this.#body = this.#keepAlive > 0 && sent ? BodySkipper.for(response) : undefined;
    this.#skip(rest);
    asker?.answered({ kind: 'response', response }, false);
  }

  /** Takes bytes behind the header. An idle connection has none to come. */
  #skip(bytes: Buffer): void {
    const progress = this.#body?.push(bytes) ?? 'bad';
    if (progress === 'more') this.#keeper.skipping(this);
    else if (progress === 'bad' || !this.#rest()) this.close();
  }

  #rest(): boolean {
    this.#body = undefined;
    this.reused = true;
    this.#connection.unref();
    return this.#keeper.keep(this);
  }

  #fail(answer: Answer): void {
    const asker = this.#asker;
    const untouched = !this.#parser.started;
    this.close();
    asker?.answered(answer, untouched);
  }
}

const nothingToDo = (): void => undefined;
