/** The backend's connection of a proxy in memory: runs the upstream dialog on what the backend says. */
import { Secret, type UpstreamDialog, type UpstreamLogin, type UpstreamStep } from '@postern/core';
import { ByteInbox } from './byte-inbox.js';
import type { AutomaticBackend } from './default-backend.js';
import type { Side } from './transcript-play.js';

/** What becomes of the login and of the bytes behind it. */
export interface BackendEvents {
  loggedIn(reply: Uint8Array): void;
  failed(reply: Uint8Array | undefined): void;
  relayed(bytes: Uint8Array): void;
  ended(): void;
}

/** The login with its password in the clear: it lives for one transcript. */
export type PlainLogin<S, Conf extends object> = Omit<UpstreamLogin<S, Conf>, 'secret'> & {
  readonly secret: Uint8Array | undefined;
};

/** One connection to a backend that a transcript scripts, or that answers by itself. */
export class DialogBackend<U, S, Conf extends object> implements Side {
  readonly inbox = new ByteInbox();
  readonly #dialog: UpstreamDialog<U, S, Conf>;
  readonly #login: PlainLogin<S, Conf>;
  readonly #events: BackendEvents;
  readonly #automatic: AutomaticBackend | undefined;
  readonly #incoming: Buffer[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  #state: U | undefined;
  #phase: 'login' | 'relay' | 'over' = 'login';
  #working = false;

  constructor(
    dialog: UpstreamDialog<U, S, Conf>,
    login: PlainLogin<S, Conf>,
    events: BackendEvents,
    automatic: AutomaticBackend | undefined,
  ) {
    this.#dialog = dialog;
    this.#login = login;
    this.#events = events;
    this.#automatic = automatic;
  }

  /** Begins the login; credentials that cannot be sent fail it. */
  start(): void {
    try {
      const { secret } = this.#login;
      this.#state = this.#dialog.start({ ...this.#login, secret: secret && new Secret(secret) });
    } catch {
      this.#fail(undefined);
      return;
    }
    if (this.#automatic !== undefined) this.#hear(Buffer.from(this.#automatic.greeting));
  }

  send(bytes: Uint8Array): Promise<void> {
    this.#hear(Buffer.from(bytes));
    return Promise.resolve();
  }

  finish(): void {
    if (this.#phase === 'login') this.#fail(undefined);
    else this.#events.ended();
  }

  startTls(): Promise<void> {
    return Promise.resolve();
  }

  /** The proxy tells the backend something. */
  told(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.inbox.append(bytes);
    const said = this.#automatic?.push(bytes);
    if (said !== undefined && said.length > 0) this.#hear(said);
  }

  /** Works off what the backend says, one piece after the other: an answer may bring the next piece. */
  #hear(bytes: Buffer): void {
    this.#incoming.push(bytes);
    if (this.#working) return;
    this.#working = true;
    for (let next = this.#incoming.shift(); next !== undefined; next = this.#incoming.shift()) {
      if (this.#phase === 'relay') this.#events.relayed(next);
      if (this.#phase !== 'login') continue;
      this.#buffer = Buffer.concat([this.#buffer, next]);
      this.#reply();
    }
    this.#working = false;
  }

  #reply(): void {
    if (this.#state === undefined) return;
    const length = this.#dialog.replyLength(this.#state, this.#buffer);
    if (length === 0) return;
    const reply = Buffer.from(this.#buffer.subarray(0, length));
    const rest = Buffer.from(this.#buffer.subarray(length));
    this.#buffer = rest;
    this.#follow(this.#dialog.step(this.#state, reply), rest);
  }

  #follow(step: UpstreamStep<U>, rest: Buffer): void {
    if (step.do === 'relay') {
      this.#phase = 'relay';
      this.#events.loggedIn(Buffer.concat([step.reply, rest]));
    } else if (step.do === 'fail' || step.do === 'abort') {
      this.#fail(step.do === 'fail' ? step.reply : undefined);
    } else if (step.do === 'startTls') {
      // Bytes that came in the clear behind the backend's consent were not said inside TLS.
      if (rest.length > 0) this.#fail(undefined);
      else this.#follow(this.#dialog.secured(step.state), rest);
    } else {
      this.#state = step.state;
      this.#goOn(step.do === 'send' ? step.bytes : undefined, rest);
    }
  }

  /** A reply behind the one that was answered was not asked for: strict lock-step. */
  #goOn(bytes: Uint8Array | undefined, rest: Buffer): void {
    if (bytes === undefined) this.#reply();
    else if (rest.length > 0) this.#fail(undefined);
    else this.told(bytes);
  }

  #fail(reply: Uint8Array | undefined): void {
    this.#phase = 'over';
    this.#events.failed(reply);
  }
}
