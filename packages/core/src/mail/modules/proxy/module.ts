/** nginx's `ngx_mail_proxy_module`: connects to the backend and logs in there. */
import { bytes, duration, oneOf, onOff } from '../../../config/codec.js';
import { slot } from '../../../config/directive.js';
import { defineModule } from '../../../module/module.js';
import { mail } from '../../core-module.js';
import { Stage } from '../../phases.js';
import { logInAtBackend } from './backend-login.js';

/** The proxy module. */
export const proxy = defineModule({
  name: 'mail_proxy',
  api: 1,
  requires: [mail],
  directives: {
    proxy: slot('proxy', onOff, {
      default: false,
      about: 'Has no effect, as in nginx: a server always proxies.',
    }),
    proxy_buffer: slot('bufferBytes', bytes, {
      default: 4096,
      defaultText: 'one memory page',
      about: 'Limits what a backend may send in one step of its login.',
    }),
    proxy_timeout: slot('timeoutMs', duration, {
      default: 24 * 3600 * 1000,
      defaultText: '24h',
      about: 'Sets the time without traffic of either side after which a proxied session ends.',
    }),
    proxy_pass_error_message: slot('passErrorMessage', onOff, {
      default: false,
      about: "Passes a backend's refusal of the login to the client.",
    }),
    proxy_protocol: slot('proxyProtocol', oneOf('off', 'on', 'v2'), {
      default: 'off',
      about: 'Sends a PROXY protocol header of version 1 (on) or 2 (v2) to the backend.',
    }),
  },
  setup(cycle) {
    const { connections } = cycle;
    cycle
      .hooks(mail)
      .connect.tapPromise({ name: 'mail_proxy', stage: Stage.normal }, (session, upstream) =>
        logInAtBackend(session, upstream, {
          conf: session.conf(proxy),
          timeoutMs: session.conf(mail).timeoutMs,
          connections,
        }),
      );
  },
});
