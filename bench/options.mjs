// The command line of the benchmark. Every run is bounded: rounds, counts and seconds all have small defaults.
import { parseArgs } from 'node:util';
import { KEY_KINDS } from './certificates.mjs';
import { SUITES } from './suites.mjs';

const PROXIES = ['nginx', 'postern'];
const HANDSHAKE_KINDS = ['full', 'resumed'];

function suiteLine([name, { parts, usual }]) {
  return `  ${name.padEnd(8)} ${Object.keys(parts).join(' ')} (without any: ${usual.join(' ')})`;
}

export const USAGE = `usage: npm run bench -- SUITE [part...] [option...]

suites and their parts:
${Object.entries(SUITES).map(suiteLine).join('\n')}
  tls handshake [${HANDSHAKE_KINDS.join('|')}] [${KEY_KINDS.join('|')}] narrows that part

  --rounds N         rounds of each measurement (idle, reload: 3 at     5
                     most; start: 10 at least)
  --seconds S        length of one relay or latency measurement         1
  --logins N         logins of one login measurement                    10000
  --handshakes N     handshakes of one handshake measurement            5000
  --concurrency N    logins or handshakes at the same time              64
  --sessions N       idle sessions                                      5000
  --settle S         wait before the memory of idle sessions is read    2
  --leak-logins N    logins of the leak part, after its warm-up         50000
  --servers N        servers of the file with many                      1000
  --tls-version V    what clients of the tls suite speak: 1.2 or 1.3    1.3
  --proxy-a NAME     the reference: nginx, postern, direct; workers     nginx
                     has reuseport: postern, a socket per worker
  --proxy-b NAME     the measured one                                   postern
  --postern PATH     the program of postern                             that of packages/postern
  --nginx PATH       the nginx to run                                   nginx
  --nginx-module P   its mail module, '' when it is built in            /usr/lib/nginx/modules/ngx_mail_module.so
  --auth-close       the auth server keeps no connection
  --json FILE        write everything measured there
  --assert           exit with 1 when a goal is missed
  --help             this text`;

/** Wrong use of the command line: the message and nothing else is shown. */
export class UsageError extends Error {}

/** @param {string} [value] */
const string = (value) => ({ type: /** @type {const} */ ('string'), default: value });

const boolean = { type: /** @type {const} */ ('boolean'), default: false };

const DECLARED = {
  rounds: string('5'),
  seconds: string('1'),
  logins: string('10000'),
  handshakes: string('5000'),
  concurrency: string('64'),
  sessions: string('5000'),
  settle: string('2'),
  'leak-logins': string('50000'),
  servers: string('1000'),
  'tls-version': string('1.3'),
  'proxy-a': string('nginx'),
  'proxy-b': string('postern'),
  postern: string(),
  nginx: string('nginx'),
  'nginx-module': string('/usr/lib/nginx/modules/ngx_mail_module.so'),
  json: string(),
  'auth-close': boolean,
  assert: boolean,
  help: boolean,
};

function number(values, name, smallest, largest) {
  const value = Number(values[name]);
  if (value >= smallest && value <= largest) return value;
  throw new UsageError(`--${name} must be a number from ${smallest} to ${largest}`);
}

function integer(values, name, smallest, largest) {
  const value = number(values, name, smallest, largest);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`--${name} must be a whole number`);
}

function oneOf(values, name, allowed) {
  if (allowed.includes(values[name])) return values[name];
  throw new UsageError(`--${name} must be one of ${allowed.join(', ')}`);
}

/** Parts in the order they run; without any, the usual ones. */
function partsOf(suite, words) {
  const all = Object.keys(suite.parts);
  const unknown = words.find((word) => !all.includes(word));
  if (unknown !== undefined) throw new UsageError(`there is no part "${unknown}"\n\n${USAGE}`);
  return words.length === 0 ? suite.usual : all.filter((part) => words.includes(part));
}

/** Those of `allowed` that were given; all of them where none was. */
function narrowed(words, allowed) {
  const given = allowed.filter((word) => words.includes(word));
  return given.length === 0 ? allowed : given;
}

function selection([name, ...words]) {
  if (!Object.hasOwn(SUITES, name ?? '')) throw new UsageError(USAGE);
  const suite = SUITES[name];
  const narrowing = suite.tls ? [...HANDSHAKE_KINDS, ...KEY_KINDS] : [];
  const parts = words.filter((word) => !narrowing.includes(word));
  return {
    suite: name,
    parts: partsOf(suite, parts),
    handshakeKinds: narrowed(words, HANDSHAKE_KINDS),
    keys: narrowed(words, KEY_KINDS),
  };
}

/** Suites that measure sessions can do without a proxy; sockets of their own make a difference to two workers only. */
function proxies(values, suite) {
  const bare = SUITES[suite].protocol === suite;
  const names = [
    ...PROXIES,
    ...(bare ? ['direct'] : []),
    ...(suite === 'workers' ? ['reuseport'] : []),
  ];
  return { proxyA: oneOf(values, 'proxy-a', names), proxyB: oneOf(values, 'proxy-b', names) };
}

function parse(argv) {
  try {
    return parseArgs({ args: argv, options: DECLARED, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/**
 * Words of the command line to options, or `{ help: true }`; throws UsageError.
 * @param {string[]} argv
 */
export function parseOptions(argv) {
  const { values, positionals } = parse(argv);
  if (values.help) return { help: true };
  const selected = selection(positionals);
  return {
    ...selected,
    ...proxies(values, selected.suite),
    rounds: integer(values, 'rounds', 1, 50),
    seconds: number(values, 'seconds', 0.1, 60),
    logins: integer(values, 'logins', 100, 1_000_000),
    handshakes: integer(values, 'handshakes', 100, 1_000_000),
    concurrency: integer(values, 'concurrency', 1, 1000),
    sessions: integer(values, 'sessions', 1, 9000),
    settle: number(values, 'settle', 0, 60),
    leakLogins: integer(values, 'leak-logins', 1000, 10_000_000),
    servers: integer(values, 'servers', 2, 10_000),
    tlsVersion: oneOf(values, 'tls-version', ['1.2', '1.3']),
    postern: values.postern,
    nginx: values.nginx,
    nginxModule: values['nginx-module'],
    authClose: values['auth-close'],
    json: values.json,
    assert: values.assert,
  };
}
