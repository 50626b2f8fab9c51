/** nginx's `ngx_mail_realip_module`: takes the client's address from the PROXY headers of trusted peers. */
import { listOf } from '../../../config/codec.js';
import { slot } from '../../../config/directive.js';
import { defineModule, moduleApi } from '../../../module/module.js';
import { mail } from '../../core-module.js';
import { Stage } from '../../phases.js';
import { TrustedPeers, trustedPeers } from './trusted-peers.js';

/** The realip module. */
export const realip = defineModule({
  name: 'mail_realip',
  api: moduleApi,
  requires: [mail],
  directives: {
    set_real_ip_from: slot('trusted', listOf(trustedPeers), {
      default: [],
      defaultText: 'none',
      about:
        "Trusts the PROXY headers of an address, network, host or of Unix peers (unix:) to name the session's client.",
    }),
  },
  derive: ({ trusted }) => ({ peers: new TrustedPeers(trusted.flat()) }),
  setup(cycle) {
    cycle
      .hooks(mail)
      .realip.tap({ name: 'mail_realip', stage: Stage.normal }, (session, { source }) =>
        session.conf(realip).peers.has(session.client) ? source : undefined,
      );
  },
});
