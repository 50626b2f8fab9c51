/** From a server's directives to its TLS policy, or none where it does not use TLS. */
import type { DeriveContext } from '../../../module/module.js';
import type { SourceRef } from '../../../config/directive.js';
import { mail } from '../../core-module.js';
import type { TlsPolicy } from '../../tls-policy.js';
import { noKeyFor, notDefined, type TlsMode } from './errors.js';
import { judge } from './judge.js';
import { loadServerTls, type ServerTls, type TlsConf } from './secure-context.js';

/** The value of `starttls`, and where it is set. */
export interface StartTls {
  readonly mode: TlsPolicy['startTls'];
  readonly at: SourceRef;
}

/** All of the module's directives of one server. */
export interface SslConf extends TlsConf {
  readonly startTls: StartTls | undefined;
}

/** Why a server uses TLS, for errors: the last `listen ... ssl`, else `starttls`. */
interface Reason {
  readonly mode: TlsMode;
  readonly at: SourceRef;
}

function reasonOf({ startTls }: SslConf, context: DeriveContext): Reason | undefined {
  const listen = context.conf(mail).listen.findLast(({ ssl }) => ssl);
  if (listen !== undefined) return { mode: 'listen ... ssl', at: listen.at };
  if (startTls === undefined || startTls.mode === 'off') return undefined;
  return { mode: 'starttls', at: startTls.at };
}

/** The counts of certificates and keys must fit. Throws ConfigError. */
function checkCounts({ certificates, keys }: SslConf, { mode, at }: Reason): void {
  const last = certificates.at(-1);
  if (last === undefined) throw notDefined('ssl_certificate', mode, at);
  if (keys.length === 0) throw notDefined('ssl_certificate_key', mode, at);
  if (keys.length < certificates.length) throw noKeyFor(last.written, mode, at);
}

// Servers that set nothing of their own share one object of directives, and so one context.
const loaded = new WeakMap<SslConf, ServerTls>();

function load(conf: SslConf, generation: object): ServerTls {
  const known = loaded.get(conf);
  if (known !== undefined) return known;
  const tls = loadServerTls(conf, generation);
  loaded.set(conf, tls);
  return tls;
}

/** The policy of a server. Throws ConfigError. */
export function tlsPolicy(conf: SslConf, context: DeriveContext): TlsPolicy | undefined {
  const reason = reasonOf(conf, context);
  if (reason === undefined) return undefined;
  checkCounts(conf, reason);
  const { secureContext, ticketless, sessions, verify, ownFor } = load(conf, context.generation);
  const server = {
    secureContext,
    alpn: context.protocol,
    requestCertificate: verify.mode !== 'off',
  };
  return {
    startTls: conf.startTls?.mode ?? 'off',
    server: { ...server, ...(sessions !== undefined && { sessions }) },
    withoutResumption: () => ({ ...server, secureContext: ticketless() }),
    judge: (state) => judge(state, verify, ownFor(state.cipher)),
  };
}
