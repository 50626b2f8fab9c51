/**
 * `ssl_conf_command`: commands of SSL_CONF_cmd(3), as far as Node has a way to what they set. They come after all other
 * directives, so they win. Names of commands are compared without regard to case, values as OpenSSL does.
 */
import { constants } from 'node:crypto';
import { resolvePath } from '../../../config/codec.js';
import type { SourceFiles } from '../../../config/source-files.js';
import { loadDhParameters } from './dh-parameters.js';
import { commandFailed, commandUnsupported } from './errors.js';
import { isSuite, knownVersions, type ProtocolVersion } from './protocols.js';
import { namesCiphers, refusalOf, type TlsParameters } from './tls-parameters.js';

/** A command: its name, its value, and the directory of relative paths in it. */
export interface ConfCommand {
  readonly name: string;
  readonly value: string;
  readonly confPrefix: string;
  /** Where they are read. */
  readonly sources: SourceFiles;
}

/** The parameters with `value` carried out; undefined where the value is wrong. */
type Change = (parameters: TlsParameters, value: string) => TlsParameters | undefined;

const allVersions = knownVersions(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']);

/** Protocols that OpenSSL takes the names of, and that are never spoken here. */
const otherProtocols: ReadonlySet<string> = new Set(['SSLv2', 'SSLv3', 'DTLSv1', 'DTLSv1.2']);

const lower = (names: Iterable<string>): ReadonlySet<string> =>
  new Set([...names].map((name) => name.toLowerCase()));

const otherProtocolsInList = lower(otherProtocols);

/** The versions that an item of `Protocol` names, whatever its case; undefined where it names nothing. */
function versionsNamed(name: string): readonly ProtocolVersion[] | undefined {
  const wanted = name.toLowerCase();
  if (wanted === 'all') return allVersions;
  const found = allVersions.filter((version) => version.toLowerCase() === wanted);
  return found.length > 0 || otherProtocolsInList.has(wanted) ? found : undefined;
}

/**
 * Bits of options by name: `on` is set by the name, `off` by `-name`. What Node has no constant for is a number. Without
 * bits are those of clients, and those of what our OpenSSL does not do: compression, TLS in the kernel, renegotiation.
 */
const optionBits: ReadonlyMap<string, { readonly on: number; readonly off: number }> = new Map([
  ['sessionticket', { on: 0, off: constants.SSL_OP_NO_TICKET }],
  ['serverpreference', { on: constants.SSL_OP_CIPHER_SERVER_PREFERENCE, off: 0 }],
  ['encryptthenmac', { on: 0, off: constants.SSL_OP_NO_ENCRYPT_THEN_MAC }],
  ['emptyfragments', { on: 0, off: constants.SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS }],
  ['allownodhekex', { on: constants.SSL_OP_ALLOW_NO_DHE_KEX, off: 0 }],
  ['prioritizechacha', { on: constants.SSL_OP_PRIORITIZE_CHACHA, off: 0 }],
  ['norenegotiation', { on: constants.SSL_OP_NO_RENEGOTIATION, off: 0 }],
  ['extendedmastersecret', { on: 0, off: 0x1 }],
  ['ignoreunexpectedeof', { on: 0x80, off: 0 }],
  ['canames', { on: 0, off: 0x200 }],
  ['antireplay', { on: 0, off: 0x100_0000 }],
  ['bugs', { on: constants.SSL_OP_ALL, off: 0 }],
  [
    'noresumptiononrenegotiation',
    { on: constants.SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION, off: 0 },
  ],
  ['middleboxcompat', { on: 0, off: 0 }],
  ['ktls', { on: 0, off: 0 }],
  ['compression', { on: 0, off: 0 }],
  ['clientrenegotiation', { on: 0, off: 0 }],
  ['unsafelegacyrenegotiation', { on: 0, off: 0 }],
  ['unsafelegacyserverconnect', { on: 0, off: 0 }],
  ['dhsingle', { on: 0, off: 0 }],
  ['ecdhsingle', { on: 0, off: 0 }],
]);

/** What is refused: renegotiation stays off, and Node has no way to take out a bit that OpenSSL sets by itself. */
const refusedOptions: ReadonlySet<string> = new Set([
  '-norenegotiation',
  '+clientrenegotiation',
  '-middleboxcompat',
]);

/** `+name` and `name` are on, `-name` is off. */
function readSigned(word: string): { readonly name: string; readonly on: boolean } {
  const hasSign = word.startsWith('+') || word.startsWith('-');
  return { name: hasSign ? word.slice(1) : word, on: !word.startsWith('-') };
}

/** The items of a list that is separated by commas. */
function itemsOf(value: string): readonly string[] {
  return value.split(',').map((item) => item.trim());
}

function changeOptions(parameters: TlsParameters, value: string): TlsParameters | undefined {
  let { options } = parameters;
  for (const item of itemsOf(value)) {
    const { name, on } = readSigned(item);
    const key = name.toLowerCase();
    const bits = optionBits.get(key);
    if (bits === undefined || refusedOptions.has(`${on ? '+' : '-'}${key}`)) return undefined;
    options &= ~(on ? bits.off : bits.on);
    options |= on ? bits.on : bits.off;
  }
  return { ...parameters, options };
}

function changeProtocols(parameters: TlsParameters, value: string): TlsParameters | undefined {
  let protocols = parameters.protocols;
  for (const item of itemsOf(value)) {
    const { name, on } = readSigned(item);
    const named = versionsNamed(name);
    if (named === undefined) return undefined;
    protocols = allVersions.filter((one) => (named.includes(one) ? on : protocols.includes(one)));
  }
  return { ...parameters, protocols };
}

/** Takes from the protocols what is beyond a bound; `None` is no bound, nor is one of DTLS. */
function bound(isWithin: (index: number, limit: number) => boolean): Change {
  return (parameters, value) => {
    if (value === 'None' || value.startsWith('DTLS')) {
      return value === 'None' || otherProtocols.has(value) ? parameters : undefined;
    }
    // SSLv3 lies below all.
    const limit = allVersions.findIndex((version) => version === value);
    if (limit < 0 && value !== 'SSLv3') return undefined;
    const protocols = parameters.protocols.filter((one) =>
      isWithin(allVersions.indexOf(one), limit),
    );
    return { ...parameters, protocols };
  };
}

function changeSuites(parameters: TlsParameters, suites: string): TlsParameters | undefined {
  return suites.split(':').every(isSuite) ? { ...parameters, suites } : undefined;
}

/** `auto` is a word of Node's and of nginx's directive. */
const changeCurves: Change = (parameters, curves) =>
  curves === 'auto' ? undefined : { ...parameters, curves };

const changeEcdhParameters: Change = (parameters, value) => {
  const isAutomatic = ['automatic', '+automatic'].includes(value.toLowerCase());
  return isAutomatic ? { ...parameters, curves: 'auto' } : changeCurves(parameters, value);
};

const changes: ReadonlyMap<string, Change> = new Map<string, Change>([
  ['options', changeOptions],
  ['protocol', changeProtocols],
  ['minprotocol', bound((index, limit) => index >= limit)],
  ['maxprotocol', bound((index, limit) => index <= limit)],
  [
    'cipherstring',
    (parameters, ciphers) => (namesCiphers(ciphers) ? { ...parameters, ciphers } : undefined),
  ],
  ['ciphersuites', changeSuites],
  ['curves', changeCurves],
  ['groups', changeCurves],
  ['ecdhparameters', changeEcdhParameters],
  ['signaturealgorithms', (parameters, signatures) => ({ ...parameters, signatures })],
]);

/** Commands of OpenSSL that have no counterpart in Node. */
const unsupported: ReadonlySet<string> = new Set([
  'certificate',
  'privatekey',
  'chaincafile',
  'chaincapath',
  'chaincastore',
  'verifycafile',
  'verifycapath',
  'verifycastore',
  'requestcafile',
  'requestcapath',
  'requestcastore',
  'clientcafile',
  'clientcapath',
  'clientcastore',
  'serverinfofile',
  'clientsignaturealgorithms',
  'recordpadding',
  'numtickets',
  'verifymode',
]);

/** Carries out one command. Throws ConfigError. */
export function applyCommand(parameters: TlsParameters, command: ConfCommand): TlsParameters {
  const { name, value, confPrefix, sources } = command;
  const key = name.toLowerCase();
  if (key === 'dhparameters') {
    const path = resolvePath(value, confPrefix);
    try {
      return { ...parameters, dhParameters: loadDhParameters({ name: path, sources }) };
    } catch {
      throw commandFailed(name, path, badValue(name, path));
    }
  }
  if (unsupported.has(key)) throw commandUnsupported(name, value);
  const change = changes.get(key);
  if (change === undefined) {
    throw commandFailed(name, value, `error:0A000182:SSL routines::unknown cmd name:cmd=${name}`);
  }
  const changed = change(parameters, value);
  if (changed !== undefined && refusalOf(changed) === undefined) return changed;
  throw commandFailed(name, value, badValue(name, value));
}

const badValue = (name: string, value: string): string =>
  `error:0A000180:SSL routines::bad value:cmd=${name}, value=${value}`;
