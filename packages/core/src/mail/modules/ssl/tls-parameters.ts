/** What is negotiated: protocols, ciphers, curves and options of a TLS context, gathered from all directives. */
import { constants } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { callFailed, opensslText } from './errors.js';
import {
  atSecurityLevel,
  cipherList,
  defaultSuites,
  versionRange,
  type ProtocolVersion,
} from './protocols.js';

/** Parameters of a TLS context, before they are made into Node's options. */
export interface TlsParameters {
  readonly protocols: readonly ProtocolVersion[];
  /** OpenSSL's cipher list for TLS 1.2 and older. */
  readonly ciphers: string;
  /** The suites of TLS 1.3, joined by colons. */
  readonly suites: string;
  readonly curves: string;
  /** Signature algorithms; undefined for OpenSSL's. */
  readonly signatures: string | undefined;
  /** In PEM form. */
  readonly dhParameters: string | undefined;
  /** Bits of SSL_OP_*. */
  readonly options: number;
}

/** OpenSSL's option that Node has no constant for: a missing close_notify is the end, not an error. */
const ignoreUnexpectedEof = 0x80;

/** Options of every context: no renegotiation (it costs a server far more than a client), no compression (CRIME). */
const alwaysOptions =
  constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION | ignoreUnexpectedEof;

/** What the directives about parameters say. */
export interface ParameterSettings {
  readonly protocols: readonly ProtocolVersion[];
  readonly ciphers: string;
  readonly preferServerCiphers: boolean;
  readonly curves: string;
  readonly dhParameters: string | undefined;
  readonly tickets: boolean;
}

/** The parameters before any `ssl_conf_command`. */
export function tlsParameters(settings: ParameterSettings): TlsParameters {
  const preference = settings.preferServerCiphers ? constants.SSL_OP_CIPHER_SERVER_PREFERENCE : 0;
  const noTickets = settings.tickets ? 0 : constants.SSL_OP_NO_TICKET;
  return {
    protocols: settings.protocols,
    ciphers: cipherList(settings.ciphers),
    suites: defaultSuites,
    curves: settings.curves,
    signatures: undefined,
    dhParameters: settings.dhParameters,
    options: alwaysOptions | preference | noTickets,
  };
}

/** Node's options for `parameters`. */
export function contextOptions(parameters: TlsParameters): SecureContextOptions {
  const { protocols, ciphers, suites, curves, signatures, dhParameters, options } = parameters;
  const { minVersion, maxVersion, gaps } = versionRange(protocols);
  return {
    // Never Node's own list of authorities: who a client is, is decided by those of the configuration alone.
    ca: [],
    minVersion,
    maxVersion,
    ciphers: `${suites}:${atSecurityLevel(ciphers, protocols)}`,
    ecdhCurve: curves,
    ...(signatures !== undefined && { sigalgs: signatures }),
    ...(dhParameters !== undefined && { dhparam: dhParameters }),
    // Unsigned: SSL_OP_* use all 32 bits.
    secureOptions: (options | gaps) >>> 0,
  };
}

/** What OpenSSL says against `parameters`, or undefined where it takes them. */
export function refusalOf(parameters: TlsParameters): string | undefined {
  try {
    createSecureContext(contextOptions(parameters));
    return undefined;
  } catch (error) {
    return opensslText(error);
  }
}

const noCipherMatch = 'error:0A0000B9:SSL routines::no cipher match';

/** Whether a list names any cipher of TLS 1.2 or older; Node would take a list without for TLS 1.3 alone. */
export function namesCiphers(list: string): boolean {
  return cipherList(list).length > 0;
}

/** Asks OpenSSL about each parameter by itself. Throws the ConfigError of the first that it refuses. */
export function checkParameters(
  parameters: TlsParameters,
  written: { readonly ciphers: string; readonly dhFile: { readonly name: string } | undefined },
): void {
  const { ciphers, curves, dhParameters } = parameters;
  const plain: TlsParameters = { ...parameters, curves: 'auto', dhParameters: undefined };
  const cipherRefusal = ciphers === '' ? noCipherMatch : refusalOf(plain);
  if (cipherRefusal !== undefined) {
    throw callFailed('SSL_CTX_set_cipher_list', written.ciphers, cipherRefusal);
  }
  const dhRefusal = refusalOf({ ...plain, dhParameters });
  if (dhRefusal !== undefined) {
    throw callFailed('SSL_CTX_set0_tmp_dh_pkey', written.dhFile?.name ?? '', dhRefusal);
  }
  if (refusalOf({ ...plain, curves }) === undefined) return;
  const wrong = curves
    .split(':')
    .find((name) => refusalOf({ ...plain, curves: name }) !== undefined);
  const cause = `error:0A080106:SSL routines::passed invalid argument:group '${wrong ?? curves}' cannot be set`;
  throw callFailed('SSL_CTX_set1_curves_list', curves, cause);
}
