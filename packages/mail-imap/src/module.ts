/** nginx's `ngx_mail_imap_module`: the IMAP protocol and its directives. */
import { bytes, defineModule, flags, mail, oneOf, slot, words } from '@postern/core';
import { authMethods, capabilityLines } from './capabilities.js';
import { createImapProtocol, type ImapProtocol } from './protocol.js';

/** IMAP for the mail proxy. */
export const imap = defineModule({
  name: 'mail_imap',
  api: 1,
  requires: [mail],
  directives: {
    imap_client_buffer: slot('clientBuffer', bytes, {
      default: 4096,
      defaultText: 'one memory page',
      about: 'Sets the greatest length of a command, literals included.',
    }),
    imap_capabilities: slot('capabilities', words, {
      default: ['IMAP4', 'IMAP4rev1', 'UIDPLUS'],
      about: 'Sets the list of extensions in the response to CAPABILITY.',
    }),
    imap_auth: slot('auth', flags(...authMethods), {
      default: ['plain'],
      about:
        'Sets the methods that CAPABILITY advertises. CRAM-MD5 and EXTERNAL are refused unless they are listed; plain logins are always accepted.',
    }),
    proxy_imap_login: slot('proxyLogin', oneOf('auto', 'literal'), {
      default: 'auto',
      about:
        'Sets how a login is sent to the backend: in one command where the credentials allow it, or always in literals as nginx does.',
    }),
  },
  derive: (conf) => ({ capabilityLines: capabilityLines(conf) }),
  setup(cycle) {
    cycle.hooks(mail).protocols.tap('mail_imap', (registry) => {
      registry.add(imapProtocol);
    });
  },
});

/** IMAP as the driver takes it. */
export const imapProtocol: ImapProtocol = createImapProtocol((conf) => conf(imap));
