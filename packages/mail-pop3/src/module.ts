/** nginx's `ngx_mail_pop3_module`: the POP3 protocol and its directives. */
import { bytes, defineModule, flags, mail, slot, words } from '@postern/core';
import { authMethods, capabilityReplies } from './capabilities.js';
import { createPop3Protocol, type Pop3Protocol } from './protocol.js';

/** POP3 for the mail proxy. */
export const pop3 = defineModule({
  name: 'mail_pop3',
  api: 1,
  requires: [mail],
  directives: {
    pop3_client_buffer: slot('clientBuffer', bytes, {
      default: 4096,
      defaultText: 'one memory page',
      about: 'Sets the greatest length of a command.',
    }),
    pop3_capabilities: slot('capabilities', words, {
      default: ['TOP', 'USER', 'UIDL'],
      about: 'Sets the list of extensions in the response to CAPA.',
    }),
    pop3_auth: slot('auth', flags(...authMethods), {
      default: ['plain'],
      about:
        'Sets the methods that CAPA advertises; plain brings LOGIN. APOP, CRAM-MD5 and EXTERNAL are refused unless they are listed; plain logins are always accepted.',
    }),
  },
  derive: (conf) => ({ capabilityReplies: capabilityReplies(conf) }),
  setup(cycle) {
    cycle.hooks(mail).protocols.tap('mail_pop3', (registry) => {
      registry.add(pop3Protocol);
    });
  },
});

/** POP3 as the driver takes it. */
export const pop3Protocol: Pop3Protocol = createPop3Protocol((conf) => conf(pop3));
