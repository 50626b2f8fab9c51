/** nginx's `ngx_mail_proxy_module`: connects to the backend and logs in there. */
import { bytes, duration, oneOf, onOff, word } from '../../../config/codec.js';
import { slot } from '../../../config/directive.js';
import { defineModule } from '../../../module/module.js';
import { mail } from '../../core-module.js';
import { upstreamTls } from '../../outcome.js';
import { Stage } from '../../phases.js';
import { pemSource } from '../ssl/pem-files.js';
import { protocolNames } from '../ssl/protocols.js';
import { createBackendContext } from './backend-context.js';
import { logInAtBackend } from './backend-login.js';
import { BackendTls } from './backend-tls.js';

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
    proxy_ssl: slot('ssl', oneOf(...upstreamTls), {
      default: 'off',
      about:
        'Speaks TLS to backends, from the first byte (on) or by command (starttls). An auth server may say otherwise for a login by "Auth-Server-TLS".',
    }),
    proxy_ssl_verify: slot('sslVerify', onOff, {
      default: true,
      about: "Checks the chain and the name of a backend's certificate.",
    }),
    proxy_ssl_trusted_certificate: slot('sslTrustedCertificate', pemSource, {
      default: undefined,
      defaultText: "the runtime's",
      about: 'Sets a file with the certificates of the CAs that backends are trusted by.',
    }),
    proxy_ssl_name: slot('sslName', word, {
      default: '',
      defaultText: "the backend's address",
      about: "Sets the name that a backend's certificate must bear, and that is sent by SNI.",
    }),
    proxy_ssl_server_name: slot('sslServerName', onOff, {
      default: false,
      about: 'Sends the name by SNI (RFC 6066).',
    }),
    proxy_ssl_certificate: slot('sslCertificate', pemSource, {
      default: undefined,
      defaultText: 'none',
      about: 'Sets a file with the certificate that is shown to backends.',
    }),
    proxy_ssl_certificate_key: slot('sslCertificateKey', pemSource, {
      default: undefined,
      defaultText: 'none',
      about: 'Sets a file with the key of the certificate that is shown to backends.',
    }),
    proxy_ssl_protocols: slot('sslProtocols', protocolNames, {
      default: ['TLSv1.2', 'TLSv1.3'],
      about: 'Sets the versions of TLS that are spoken to backends.',
    }),
    proxy_ssl_ciphers: slot('sslCiphers', word, {
      default: 'DEFAULT',
      about: 'Sets the ciphers that backends are offered, up to TLS 1.2.',
    }),
    proxy_ssl_session_reuse: slot('sslSessionReuse', onOff, {
      default: true,
      about: 'Resumes TLS sessions with backends.',
    }),
  },
  derive: (conf) => ({ tls: new BackendTls(conf, () => createBackendContext(conf)) }),
  setup(cycle) {
    const { connections, listening } = cycle;
    cycle
      .hooks(mail)
      .connect.tapPromise(
        { name: 'mail_proxy', stage: Stage.normal, ownDeadline: true },
        (session, upstream) =>
          logInAtBackend(session, upstream, {
            conf: session.conf(proxy),
            timeoutMs: session.timeoutMs,
            connections,
            listening,
          }),
      );
  },
});
