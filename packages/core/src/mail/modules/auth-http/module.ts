/** nginx's `ngx_mail_auth_http_module`: an HTTP service decides about logins and names their backends. */
import { duration, integer, listOf, onOff, pair } from '../../../config/codec.js';
import { slot } from '../../../config/directive.js';
import { defineModule, moduleApi } from '../../../module/module.js';
import { mail } from '../../core-module.js';
import { Stage } from '../../phases.js';
import { authenticate, type AuthSettings } from './authenticate.js';
import { AuthClient } from './client.js';
import { RequestTemplate } from './request.js';
import { authHttpUrl } from './url.js';

/** The auth_http module. */
export const authHttp = defineModule({
  name: 'mail_auth_http',
  api: moduleApi,
  requires: [mail],
  directives: {
    auth_http: slot('service', authHttpUrl, {
      default: undefined,
      defaultText: 'none',
      about:
        'Sets the URL of the auth server, which decides about logins and names their backends.',
    }),
    auth_http_header: slot('headers', listOf(pair), {
      default: [],
      about: 'Adds a header to each request, for instance a shared secret.',
    }),
    auth_http_timeout: slot('timeoutMs', duration, {
      default: 60_000,
      defaultText: '60s',
      about: 'Sets the time for a whole exchange with the auth server.',
    }),
    auth_http_pass_client_cert: slot('passClientCert', onOff, {
      default: false,
      about: "Sends the client's certificate, in PEM and percent-encoded, to the auth server.",
    }),
    auth_http_keepalive: slot('keepAlive', integer, {
      default: 16,
      about:
        'Sets the number of idle connections kept open to each auth server; 0 asks by HTTP/1.0 on a new connection each time, as nginx does.',
    }),
    auth_http_strict_status: slot('strictStatus', onOff, {
      default: true,
      about:
        'Accepts logins only from answers with a 2xx HTTP status or without a status line; off ignores the status, as nginx does.',
    }),
  },
  derive(conf, context): { readonly settings: AuthSettings } {
    const { service, headers, keepAlive, passClientCert, timeoutMs, strictStatus } = conf;
    if (service === undefined) throw context.error('no "auth_http" is defined for server');
    const { protocol } = context;
    const template = new RequestTemplate({
      service,
      protocol,
      headers,
      keepAlive: keepAlive > 0,
      passClientCert,
    });
    return { settings: { service, template, keepAlive, timeoutMs, strictStatus } };
  },
  setup(cycle) {
    const { connections } = cycle;
    const client = new AuthClient(connections);
    cycle.onEnd(() => {
      client.end();
    });
    const runtime = { client, connections };
    cycle
      .hooks(mail)
      .authenticate.tapPromise(
        { name: 'auth_http', stage: Stage.normal, ownDeadline: true },
        (session) => authenticate(session, session.conf(authHttp).settings, runtime),
      );
  },
});
