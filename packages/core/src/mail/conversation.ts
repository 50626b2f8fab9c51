/** Binds a protocol's upstream dialog to one login, so that who plays it needs none of the protocol's types. */
import type { UpstreamDialog, UpstreamLogin, UpstreamStep } from './protocol.js';
import type { BackendConversation, BackendStep } from './session.js';

/** The upstream dialog of one login with its state. */
export class Conversation<U, S, Conf extends object> implements BackendConversation {
  readonly #dialog: UpstreamDialog<U, S, Conf>;
  #state: U;

  /** Starts the dialog. Throws what the dialog throws for credentials that cannot be sent. */
  constructor(dialog: UpstreamDialog<U, S, Conf>, login: UpstreamLogin<S, Conf>) {
    this.#dialog = dialog;
    this.#state = dialog.start(login);
  }

  replyLength(buffer: Uint8Array): number {
    return this.#dialog.replyLength(this.#state, buffer);
  }

  step(reply: Uint8Array): BackendStep {
    return this.#go(this.#dialog.step(this.#state, reply));
  }

  secured(): BackendStep {
    return this.#go(this.#dialog.secured(this.#state));
  }

  #go(step: UpstreamStep<U>): BackendStep {
    if ('state' in step) this.#state = step.state;
    return step;
  }

  progress(): string {
    return this.#dialog.progress(this.#state);
  }
}
