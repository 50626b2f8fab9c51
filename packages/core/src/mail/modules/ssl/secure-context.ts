/**
 * From the directives of a server to its TLS context, in the order in which nginx works, so that of several mistakes the
 * same one is reported. Servers that set nothing of their own share one context.
 */
import { constants, createHash } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { TlsSessionStore } from '../../../net/tls.js';
import type { Secret } from '../../secret.js';
import { ownAlgorithms, type OwnAlgorithms } from './certificate-facts.js';
import {
  loadAuthorities,
  loadPair,
  loadRevocationLists,
  onePerKeyType,
  type CertificatePair,
} from './certificates.js';
import { applyCommand, type ConfCommand } from './conf-command.js';
import { loadDhParameters } from './dh-parameters.js';
import { callFailed, noClientCa, opensslText } from './errors.js';
import type { VerifyMode, VerifySettings } from './judge.js';
import type { PemSource } from './pem-files.js';
import { knownVersions, type ProtocolName } from './protocols.js';
import type { SessionCache } from './session-cache.js';
import { sessionStore } from './session-zone.js';
import {
  isSimple,
  nodeTicketKey,
  ownTicketKey,
  readTicketKey,
  replacedKeys,
  useTicketKeys,
  type TicketKey,
  type TicketKeyFile,
} from './ticket-keys.js';
import {
  checkParameters,
  contextOptions,
  tlsParameters,
  type ParameterSettings,
  type TlsParameters,
} from './tls-parameters.js';

/** The directives about TLS of one server. */
export interface TlsConf {
  readonly certificates: readonly PemSource[];
  readonly keys: readonly PemSource[];
  readonly passwords: readonly Secret[] | undefined;
  /** The file of `ssl_dhparam`. */
  readonly dhFile: PemSource | undefined;
  readonly curves: string;
  readonly protocols: readonly ProtocolName[];
  readonly ciphers: string;
  readonly preferServerCiphers: boolean;
  readonly sessionCache: SessionCache;
  readonly tickets: boolean;
  readonly ticketKeys: readonly TicketKeyFile[];
  /** Seconds. */
  readonly sessionTimeout: number;
  readonly verifyClient: VerifyMode;
  readonly verifyDepth: number;
  readonly clientCertificate: PemSource | undefined;
  readonly trustedCertificate: PemSource | undefined;
  readonly revocationLists: PemSource | undefined;
  readonly commands: readonly ConfCommand[];
}

/** What all sessions of a server share. */
export interface ServerTls {
  readonly secureContext: SecureContext;
  /** Makes the same context without tickets. */
  readonly ticketless: () => SecureContext;
  readonly sessions: TlsSessionStore | undefined;
  readonly verify: VerifySettings;
  /** The algorithms of the certificate that a cipher of this name shows; undefined where that is not known. */
  readonly ownFor: (cipher: string) => OwnAlgorithms | undefined;
}

/** Node takes a timeout of this many seconds at most. */
const longestTimeout = 2 ** 31 - 1;

/** Loads everything that `conf` names. Throws ConfigError with nginx's sentence. */
export function loadServerTls(conf: TlsConf, generation: object): ServerTls {
  // A session holds the client's certificate but not the chain by which it was judged, and Node offers no way to turn a
  // single session away: where clients are verified, each connection is.
  const resumes = conf.verifyClient === 'off';
  checkCiphers(conf);
  const pairs = loadPairs(conf);
  const verification = loadVerification(conf);
  const parameters = loadParameters(conf, resumes);
  const sessions = sessionStore(conf.sessionCache, conf.sessionTimeout * 1000, generation);
  const keys = conf.ticketKeys.map(readTicketKey);
  const final = conf.commands.reduce(applyCommand, parameters);
  const contextWith = (negotiated: TlsParameters): SecureContext =>
    makeContext(
      {
        ...contextOptions(negotiated),
        ...identityOptions(pairs, verification),
        sessionTimeout: Math.min(conf.sessionTimeout, longestTimeout),
      },
      sessionIdContext(pairs, verification),
      { keys, lifeMs: conf.sessionCache.shared && conf.sessionTimeout * 1000 },
    );
  const ticketless = (): SecureContext => contextWith(withoutTickets(final));
  return {
    secureContext: resumes ? contextWith(final) : ticketless(),
    ticketless,
    sessions: resumes ? sessions : undefined,
    verify: verification,
    ownFor: ownChooser(pairs),
  };
}

/** How clients are verified, with the revocation lists in PEM form. */
interface Verification extends VerifySettings {
  readonly lists: readonly string[];
}

function loadVerification(conf: TlsConf): Verification {
  const { verifyClient: mode, verifyDepth: depth, clientCertificate, trustedCertificate } = conf;
  if (mode === 'off') return { mode, depth, authorities: [], lists: [] };
  const sources = [clientCertificate, trustedCertificate].filter((source) => source !== undefined);
  if (mode !== 'optional_no_ca' && sources.length === 0) throw noClientCa();
  return {
    mode,
    depth,
    authorities: sources.flatMap(loadAuthorities),
    lists: conf.revocationLists === undefined ? [] : loadRevocationLists(conf.revocationLists),
  };
}

function settingsOf(conf: TlsConf): ParameterSettings {
  return { ...conf, protocols: knownVersions(conf.protocols), dhParameters: undefined };
}

/** The ciphers come first, by themselves. */
function checkCiphers(conf: TlsConf): void {
  checkParameters(tlsParameters({ ...settingsOf(conf), curves: 'auto' }), conf);
}

function loadParameters(conf: TlsConf, resumes: boolean): TlsParameters {
  const { dhFile } = conf;
  const dhParameters = dhFile === undefined ? undefined : loadDhParameters(dhFile);
  const tickets = conf.tickets && resumes;
  const parameters = tlsParameters({ ...settingsOf(conf), dhParameters, tickets });
  checkParameters(parameters, conf);
  return parameters;
}

function withoutTickets(parameters: TlsParameters): TlsParameters {
  return { ...parameters, options: parameters.options | constants.SSL_OP_NO_TICKET };
}

/** The pairs that OpenSSL would hold. Extra keys are passed over, as in nginx; missing ones were found before. */
function loadPairs(conf: TlsConf): readonly CertificatePair[] {
  const limits = contextOptions(tlsParameters({ ...settingsOf(conf), curves: 'auto' }));
  const pairs = conf.certificates.flatMap((certificate, index) => {
    const key = conf.keys[index];
    if (key === undefined) return [];
    const pair = loadPair(certificate, key, conf.passwords);
    try {
      createSecureContext({ ...limits, cert: pair.chain, key: pair.key });
    } catch (error) {
      // For instance a key that is too small for the security level.
      throw callFailed('SSL_CTX_use_certificate', certificate.name, opensslText(error));
    }
    return [pair];
  });
  return onePerKeyType(pairs);
}

function identityOptions(
  pairs: readonly CertificatePair[],
  { authorities, lists }: Verification,
): SecureContextOptions {
  return {
    cert: pairs.map(({ chain }) => chain),
    key: pairs.map(({ key }) => key),
    ca: authorities.map((authority) => authority.toString()),
    ...(lists.length > 0 && { crl: [...lists] }),
  };
}

/**
 * What a session is bound to: resumed where these differ, it would carry the trust of one server to another. At most 32
 * characters.
 */
function sessionIdContext(pairs: readonly CertificatePair[], verification: Verification): string {
  const hash = createHash('sha256').update('MAIL');
  for (const { leaf } of pairs) hash.update(leaf.raw);
  hash.update(`${verification.mode} ${String(verification.depth)}`);
  for (const authority of verification.authorities) hash.update(authority.raw);
  for (const list of verification.lists) hash.update(list);
  return hash.digest('base64url').slice(0, 32);
}

/** Where the keys of tickets come from: files, or ourselves. */
interface KeySource {
  readonly keys: readonly TicketKey[];
  /** After how long our own are replaced, as nginx does where a cache is shared. */
  readonly lifeMs: number | undefined;
}

function makeContext(
  options: SecureContextOptions,
  idContext: string,
  { keys, lifeMs }: KeySource,
): SecureContext {
  const [first] = keys;
  const context = createSecureContext({
    ...options,
    sessionIdContext: idContext,
    ticketKeys: first === undefined ? ownTicketKey(idContext) : nodeTicketKey(first),
  });
  if (first !== undefined) {
    if (!isSimple(keys)) useTicketKeys(context, () => keys);
  } else if (lifeMs !== undefined && lifeMs > 0) {
    useTicketKeys(context, replacedKeys(idContext, lifeMs));
  }
  return context;
}

/** The one certificate's algorithms; of several, TLS 1.2 ciphers tell which one it was. */
function ownChooser(
  pairs: readonly CertificatePair[],
): (cipher: string) => OwnAlgorithms | undefined {
  const all = pairs.map(({ leaf }) => ({
    type: leaf.publicKey.asymmetricKeyType,
    algorithms: ownAlgorithms(leaf),
  }));
  const single = all.length === 1 ? all[0]?.algorithms : undefined;
  return (cipher) => {
    if (single !== undefined) return single;
    const type = cipher.includes('ECDSA') ? 'ec' : cipher.includes('RSA') ? 'rsa' : undefined;
    return all.find((one) => one.type === type)?.algorithms;
  };
}
