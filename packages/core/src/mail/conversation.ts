/** Binds a protocol's upstream dialog to one login, so that who plays it needs none of the protocol's types. */
import type { UpstreamDialog, UpstreamLogin } from './protocol.js';
import type { BackendConversation } from './session.js';

/** Starts the dialog. Throws what the dialog throws for credentials that cannot be sent. */
export function converse<U, S, Conf extends object>(
  dialog: UpstreamDialog<U, S, Conf>,
  login: UpstreamLogin<S, Conf>,
): BackendConversation {
  let state = dialog.start(login);
  return {
    replyLength: (buffer) => dialog.replyLength(state, buffer),
    step: (reply) => {
      const step = dialog.step(state, reply);
      if (step.do === 'send' || step.do === 'wait') state = step.state;
      return step;
    },
    progress: () => dialog.progress(state),
  };
}
