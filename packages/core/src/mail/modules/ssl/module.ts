/** nginx's `ngx_mail_ssl_module`: TLS towards clients, implicit and by STARTTLS. */
import { integer, listOf, onOff, oneOf, optional, seconds } from '../../../config/codec.js';
import { slot } from '../../../config/directive.js';
import { defineModule, moduleApi } from '../../../module/module.js';
import { mail } from '../../core-module.js';
import { Stage } from '../../phases.js';
import type { TlsPolicy } from '../../tls-policy.js';
import {
  certificateCompression,
  opensslList,
  confCommand,
  engine,
  startTls,
  ticketKeyFile,
} from './codecs.js';
import { passwordFile } from './passwords.js';
import { pemFile, pemName, pemSource } from './pem-files.js';
import { tlsPolicy } from './policy.js';
import { protocolNames } from './protocols.js';
import { inheritCache, sessionCache } from './session-cache.js';

/** The ssl module. */
export const ssl = defineModule({
  name: 'mail_ssl',
  api: moduleApi,
  requires: [mail],
  directives: {
    ssl_engine: slot('engine', engine, {
      levels: ['main'],
      default: undefined,
      about: 'Is refused: Node offers no OpenSSL engines for TLS.',
    }),
    ssl_object_cache_inheritable: slot('objectCacheInheritable', onOff, {
      levels: ['main'],
      default: true,
      defaultText: 'on',
      about: 'Has no effect: a reload reads certificates, keys and revocation lists anew.',
    }),
    starttls: slot('startTls', optional(startTls), {
      default: undefined,
      defaultText: 'off',
      about: 'Says whether clients may (on) or must (only) begin TLS by STARTTLS or STLS.',
    }),
    ssl_certificate: slot('certificates', listOf(pemName), {
      default: [],
      about:
        "Sets a file with the server's certificate and its intermediates in PEM form; one for each type of key.",
    }),
    ssl_certificate_key: slot('keys', listOf(pemName), {
      default: [],
      about: 'Sets the file with the key of a certificate in PEM form.',
    }),
    ssl_certificate_compression: slot('certificateCompression', certificateCompression, {
      default: false,
      defaultText: 'off',
      about: 'Has no effect: Node does not compress certificates.',
    }),
    ssl_password_file: slot('passwords', optional(passwordFile), {
      default: undefined,
      about: 'Sets a file with passphrases of keys, one on each line, which are tried in turn.',
    }),
    ssl_dhparam: slot('dhFile', pemFile, {
      default: undefined,
      about: 'Sets a file with parameters for DHE ciphers; without it there are none.',
    }),
    ssl_ecdh_curve: slot('curves', opensslList, {
      default: 'auto',
      about: 'Sets the curves of key exchanges, joined by colons.',
    }),
    ssl_protocols: slot('protocols', protocolNames, {
      default: ['TLSv1.2', 'TLSv1.3'],
      about: 'Sets the protocol versions that are spoken.',
    }),
    ssl_ciphers: slot('ciphers', opensslList, {
      default: 'HIGH:!aNULL:!MD5',
      about: 'Sets the ciphers of TLS 1.2 and older, as a list in the form of OpenSSL.',
    }),
    ssl_prefer_server_ciphers: slot('preferServerCiphers', onOff, {
      default: false,
      defaultText: 'off',
      about: "Prefers our order of ciphers to the client's.",
    }),
    ssl_session_cache: slot('sessionCache', sessionCache, {
      default: { builtin: 'none' },
      defaultText: 'none',
      about: 'Sets where sessions are kept for clients that resume without tickets.',
      merge: inheritCache,
    }),
    ssl_session_tickets: slot('tickets', onOff, {
      default: true,
      defaultText: 'on',
      about: 'Says whether clients resume sessions by tickets.',
    }),
    ssl_session_ticket_key: slot('ticketKeys', listOf(ticketKeyFile), {
      default: [],
      about:
        'Sets a file with a key for tickets, to share them between machines; the first encrypts, all decrypt.',
    }),
    ssl_session_timeout: slot('sessionTimeout', seconds, {
      default: 300,
      defaultText: '5m',
      about: 'Sets the time in which a session can be resumed.',
    }),
    ssl_verify_client: slot('verifyClient', oneOf('off', 'on', 'optional', 'optional_no_ca'), {
      default: 'off',
      about:
        'Says whether clients are asked for a certificate, and what becomes of those whose certificate is not good.',
    }),
    ssl_verify_depth: slot('verifyDepth', integer, {
      default: 1,
      about: "Sets the number of certificates between a client's and the trusted authority's.",
    }),
    ssl_client_certificate: slot('clientCertificate', pemSource, {
      default: undefined,
      about: "Sets a file with the authorities of clients' certificates, whose names are sent.",
    }),
    ssl_trusted_certificate: slot('trustedCertificate', pemSource, {
      default: undefined,
      about: "Sets a file with more authorities of clients' certificates.",
    }),
    ssl_crl: slot('revocationLists', pemSource, {
      default: undefined,
      about: "Sets a file with revocation lists; each authority of a client's chain needs one.",
    }),
    ssl_conf_command: slot('commands', listOf(confCommand), {
      default: [],
      about: 'Sets an OpenSSL configuration command, such as Options or Ciphersuites.',
    }),
  },
  derive: (conf, context): { readonly policy: TlsPolicy | undefined } => ({
    policy: tlsPolicy(conf, context),
  }),
  setup(cycle) {
    cycle
      .hooks(mail)
      .secure.tap({ name: 'mail_ssl', stage: Stage.normal }, (session) => session.conf(ssl).policy);
  },
});
