// The command line of the benchmark. Every run is bounded: rounds, counts and seconds all have small defaults.
import { parseArgs } from 'node:util';

/** Parts in the order they run; `latency` only when asked for. */
export const PARTS = ['login', 'relay', 'idle', 'leak', 'latency'];
const DEFAULT_PARTS = ['login', 'relay', 'idle', 'leak'];
const PROXIES = ['nginx', 'postern', 'direct'];

export const USAGE = `usage: npm run bench -- imap [part...] [option...]

parts: ${PARTS.join(' ')} (without any: ${DEFAULT_PARTS.join(' ')})

  --rounds N         rounds of each measurement (idle: 3 at most)       5
  --seconds S        length of one relay or latency measurement         1
  --logins N         logins of one login measurement                    10000
  --concurrency N    logins at the same time                            64
  --sessions N       idle sessions                                      5000
  --settle S         wait before the memory of idle sessions is read    2
  --leak-logins N    logins of the leak part, after its warm-up         50000
  --proxy-a NAME     the reference: nginx, postern or direct            nginx
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
  concurrency: string('64'),
  sessions: string('5000'),
  settle: string('2'),
  'leak-logins': string('50000'),
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

function proxy(values, name) {
  if (PROXIES.includes(values[name])) return values[name];
  throw new UsageError(`--${name} must be one of ${PROXIES.join(', ')}`);
}

function partsOf(positionals) {
  const [protocol, ...parts] = positionals;
  if (protocol !== 'imap') throw new UsageError(USAGE);
  const unknown = parts.find((part) => !PARTS.includes(part));
  if (unknown !== undefined) throw new UsageError(`there is no part "${unknown}"\n\n${USAGE}`);
  return parts.length === 0 ? DEFAULT_PARTS : PARTS.filter((part) => parts.includes(part));
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
  return {
    parts: partsOf(positionals),
    rounds: integer(values, 'rounds', 1, 50),
    seconds: number(values, 'seconds', 0.1, 60),
    logins: integer(values, 'logins', 100, 1_000_000),
    concurrency: integer(values, 'concurrency', 1, 1000),
    sessions: integer(values, 'sessions', 1, 9000),
    settle: number(values, 'settle', 0, 60),
    leakLogins: integer(values, 'leak-logins', 1000, 10_000_000),
    proxyA: proxy(values, 'proxy-a'),
    proxyB: proxy(values, 'proxy-b'),
    postern: values.postern,
    nginx: values.nginx,
    nginxModule: values['nginx-module'],
    authClose: values['auth-close'],
    json: values.json,
    assert: values.assert,
  };
}
