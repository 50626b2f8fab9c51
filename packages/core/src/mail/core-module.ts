/** nginx's `ngx_mail_module` and `ngx_mail_core_module`: the blocks, the listeners and what all protocols share. */
import { hostname } from 'node:os';
import { duration, integer, oneOf, repeatable, word } from '../config/codec.js';
import { block, slot } from '../config/directive.js';
import { errorLogCodec } from './error-log-directive.js';
import { defineModule } from '../module/module.js';
import { listenCodec } from './listen.js';
import { createMailHooks } from './phases.js';
import { withDeadlines } from './tap-deadline.js';

/** The mail module: owner of the phase hooks ({@link createMailHooks}). */
export const mail = defineModule({
  name: 'mail',
  api: 1,
  hooks: () => withDeadlines(createMailHooks()),
  directives: {
    mail: block({
      levels: ['main'],
      opens: 'mail',
      once: true,
      about: 'Holds the configuration of the mail proxy.',
    }),
    server: block({
      levels: ['mail'],
      opens: 'server',
      once: false,
      about: 'Holds the configuration of one server.',
    }),
    listen: slot('listen', listenCodec, {
      levels: ['server'],
      default: [],
      about: 'Sets an address and port, or the path of a Unix socket, to accept clients on.',
    }),
    protocol: slot('protocol', repeatable(word), {
      levels: ['server'],
      default: '',
      defaultText: 'from the port',
      about: 'Sets the protocol of a server, where its port does not say it.',
    }),
    server_name: slot('serverName', word, {
      default: '',
      defaultText: 'host name',
      about: 'Sets the name used in greetings, challenges and towards backends.',
    }),
    timeout: slot('timeoutMs', duration, {
      default: 60_000,
      defaultText: '60s',
      about:
        'Sets the time from the greeting to the submission of credentials, and the time for the login at the backend.',
    }),
    max_errors: slot('maxErrors', integer, {
      default: 5,
      about: 'Sets the number of invalid commands after which a connection is closed.',
    }),
    error_log: slot('errorLog', errorLogCodec, {
      levels: ['main', 'mail', 'server'],
      default: [],
      defaultText: 'logs/error.log error',
      about: 'Sets a log, and the lowest level it takes. Several may stand on one level.',
    }),
    sasl_authzid: slot('saslAuthzid', oneOf('refuse', 'ignore'), {
      default: 'refuse',
      about:
        'Says what is done with a SASL PLAIN login that asks to act for somebody else: refuse it (RFC 4616), or ignore the wish as nginx does.',
    }),
  },
  derive: (conf) => ({
    name: conf.serverName === '' ? hostname().toLowerCase() : conf.serverName,
  }),
});
