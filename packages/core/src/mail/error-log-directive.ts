/** The `error_log` directive (ngx_log_set_log and ngx_log_set_levels in ngx_log.c). */
import { resolvePath } from '../config/codec.js';
import type { Codec, ReadContext } from '../config/directive.js';
import { resolveHost } from '../net/address.js';
import { type LogLevel, logLevels } from '../log/levels.js';
import { prepareJson } from '../log/log-format.js';
import type { LogSpec } from '../log/log-spec.js';
import { findSyslogCommand } from '../log/syslog-socket-target.js';
import { readSyslogParameters } from './syslog-parameters.js';

/** Parts of nginx that can be debugged one by one; here each of them means `debug`. */
const debugParts = ['core', 'alloc', 'mutex', 'event', 'http', 'mail', 'stream'];

const ratePrefix = 'rate=';

const debugNames: ReadonlySet<string> = new Set(debugParts.map((part) => `debug_${part}`));

function isLevel(word: string): word is LogLevel {
  return logLevels.some((level) => level === word);
}

/** What the words behind the target say. */
interface Wish {
  level: LogLevel | undefined;
  format: 'json' | undefined;
  rate: number | undefined;
  /** Whether the level is made of `debug_*`. */
  parts: boolean;
}

/**
 * One level, or any number of `debug_*`. A second level is a duplicate whatever the first word was, but `debug_*` after
 * a level is invalid: nginx's bits work that way.
 */
function readLevel(wish: Wish, word: string): string | undefined {
  if (isLevel(word)) {
    if (wish.level !== undefined) return `duplicate log level "${word}"`;
    wish.level = word;
  } else if (debugNames.has(word) && (wish.level === undefined || wish.parts)) {
    wish.level = 'debug';
    wish.parts = true;
  } else {
    return `invalid log level "${word}"`;
  }
  return undefined;
}

/** `rate=100`: lines of one level a second. */
function readRate(wish: Wish, word: string): string | undefined {
  if (wish.rate !== undefined) return `duplicate log rate "${word}"`;
  const digits = word.slice(ratePrefix.length);
  const rate = /^[0-9]{1,9}$/.test(digits) ? Number(digits) : 0;
  if (rate === 0) return `invalid log rate "${word}"`;
  wish.rate = rate;
  return undefined;
}

function readWord(wish: Wish, word: string): string | undefined {
  if (word.startsWith(ratePrefix)) return readRate(wish, word);
  if (word !== 'json') return readLevel(wish, word);
  if (wish.format !== undefined) return 'duplicate log format "json"';
  wish.format = 'json';
  return undefined;
}

function readWish(words: readonly string[], context: ReadContext): Wish {
  const wish: Wish = { level: undefined, format: undefined, rate: undefined, parts: false };
  for (const word of words) {
    const refusal = readWord(wish, word);
    if (refusal !== undefined) throw context.error(refusal);
  }
  return wish;
}

/** A log without what the words behind it say. */
type Target = LogSpec extends infer Spec
  ? Spec extends LogSpec
    ? Omit<Spec, 'level' | 'format' | 'rate'>
    : never
  : never;

async function readSyslog(list: string, context: ReadContext): Promise<Target> {
  const parameters = readSyslogParameters(list);
  if ('refusal' in parameters) throw context.error(parameters.refusal);
  const { server, form, ...labels } = parameters;
  if (form.kind === 'unix') {
    const [found] = await context.sources.ask('command logger', findSyslogCommand);
    if (found !== undefined) return { kind: 'syslogSocket', path: form.host, ...labels };
    throw context.error(
      `syslog server "${server}" needs the command "logger" of util-linux, which was not found`,
      'use "server=127.0.0.1:514", or install the command (Debian: bsdutils)',
    );
  }
  const [address] = await context.sources.ask(`host ${form.host}`, () => resolveHost(form.host));
  if (address === undefined) throw context.error(`host not found in syslog server "${server}"`);
  return { kind: 'syslog', address, port: form.port, ...labels };
}

function readTarget(word: string, context: ReadContext): Target | Promise<Target> {
  // nginx opens standard error for an empty name too.
  if (word === 'stderr' || word === '') return { kind: 'stderr' };
  if (word.startsWith('memory:')) {
    throw context.error('nginx was built without debug support');
  }
  if (word.startsWith('syslog:')) return readSyslog(word.slice('syslog:'.length), context);
  return { kind: 'file', path: resolvePath(word, context.prefix) };
}

function withWish(
  target: Target,
  words: readonly string[],
  context: ReadContext,
): readonly LogSpec[] {
  const { level = 'error', format, rate } = readWish(words, context);
  const wish = {
    level,
    ...(format === undefined ? {} : { format }),
    ...(rate === undefined ? {} : { rate }),
  };
  return Object.freeze([Object.freeze({ ...target, ...wish })]);
}

/**
 * `error_log file | stderr | syslog:... [level] [json] [rate=number]`. Several directives on one level add up. The name
 * of a syslog server is resolved while the configuration is read.
 */
export const errorLogCodec: Codec<readonly LogSpec[]> = {
  schema: { type: 'array', minItems: 1, items: { type: 'string' } },
  syntax:
    'file | stderr | syslog:server=address[,parameter=value] ' +
    '[debug | info | notice | warn | error | crit | alert | emerg] [json] [rate=number]',
  repeat: 'join',
  refusal: (directive) => `invalid number of arguments in "${directive}" directive`,
  async parse([word = '', ...wishes], context) {
    const specs = withWish(await readTarget(word, context), wishes, context);
    if (specs.some(({ format }) => format === 'json')) await prepareJson();
    return specs;
  },
  join: (first, next) => Object.freeze([...first, ...next]),
};
