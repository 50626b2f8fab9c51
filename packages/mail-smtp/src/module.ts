/** nginx's `ngx_mail_smtp_module`, with the SMTP directives of its proxy module: the protocol and its directives. */
import { bytes, defineModule, duration, flags, mail, onOff, slot, words } from '@postern/core';
import { authMethods, ehloReplies } from './capabilities.js';
import { createSmtpProtocol, type SmtpProtocol } from './protocol.js';

/** SMTP for the mail proxy. */
export const smtp = defineModule({
  name: 'mail_smtp',
  api: 1,
  requires: [mail],
  directives: {
    smtp_client_buffer: slot('clientBuffer', bytes, {
      default: 4096,
      defaultText: 'one memory page',
      about: 'Sets the greatest length of a command.',
    }),
    smtp_greeting_delay: slot('greetingDelay', duration, {
      default: 0,
      about: 'Holds the greeting back for so long, and refuses clients that do not wait for it.',
    }),
    smtp_capabilities: slot('capabilities', words, {
      default: [],
      about: 'Sets the list of extensions in the reply to EHLO.',
    }),
    smtp_auth: slot('auth', flags(...authMethods), {
      default: ['plain', 'login'],
      about:
        'Sets the methods that EHLO advertises. CRAM-MD5 and EXTERNAL are refused unless they are listed; PLAIN and LOGIN are always accepted. With none, clients may send without a login: the auth service decides by the envelope.',
    }),
    xclient: slot('xclient', onOff, {
      default: true,
      about:
        'Tells the backend the client’s address, login and host name with the XCLIENT command.',
    }),
    proxy_smtp_auth: slot('proxySmtpAuth', onOff, {
      default: false,
      about: 'Logs in at the backend with AUTH PLAIN; the login is not in XCLIENT then.',
    }),
  },
  derive: (conf, { serverName }) => ({ ehloReplies: ehloReplies({ ...conf, serverName }) }),
  setup(cycle) {
    cycle.hooks(mail).protocols.tap('mail_smtp', (registry) => {
      registry.add(smtpProtocol);
    });
  },
});

/** SMTP as the driver takes it. */
export const smtpProtocol: SmtpProtocol = createSmtpProtocol((conf) => conf(smtp));
