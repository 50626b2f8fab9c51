/** The `error_log` directive (ngx_log_set_log and ngx_log_set_levels in ngx_log.c). */
import { resolvePath } from '../config/codec.js';
import type { Codec, ReadContext } from '../config/directive.js';
import { resolveHost } from '../net/address.js';
import { type LogLevel, logLevels } from '../log/levels.js';
import type { LogSpec, SyslogSpec } from '../log/log-spec.js';
import { readSyslogParameters } from './syslog-parameters.js';

/** Parts of nginx that can be debugged one by one; here each of them means `debug`. */
const debugParts = ['core', 'alloc', 'mutex', 'event', 'http', 'mail', 'stream'];

const debugNames: ReadonlySet<string> = new Set(debugParts.map((part) => `debug_${part}`));

function isLevel(word: string): word is LogLevel {
  return logLevels.some((level) => level === word);
}

/**
 * The level of the words that follow the target: one level, or any number of `debug_*`. A second level is a
 * duplicate whatever the first word was, but `debug_*` after a level is invalid: nginx's bits work that way.
 */
function readLevel(words: readonly string[]): LogLevel | { readonly refusal: string } {
  let level: LogLevel | undefined;
  let parts = false;
  for (const word of words) {
    if (isLevel(word)) {
      if (level !== undefined) return { refusal: `duplicate log level "${word}"` };
      level = word;
    } else if (debugNames.has(word) && (level === undefined || parts)) {
      level = 'debug';
      parts = true;
    } else {
      return { refusal: `invalid log level "${word}"` };
    }
  }
  return level ?? 'error';
}

/** A target that still lacks its level. */
type Target = LogSpec extends infer Spec
  ? Spec extends LogSpec
    ? Omit<Spec, 'level'>
    : never
  : never;

async function readSyslog(list: string, context: ReadContext): Promise<Omit<SyslogSpec, 'level'>> {
  const parameters = readSyslogParameters(list);
  if ('refusal' in parameters) throw context.error(parameters.refusal);
  const { server, host, port, facility, tag, hostname } = parameters;
  const [address] = await resolveHost(host);
  if (address === undefined) throw context.error(`host not found in syslog server "${server}"`);
  return { kind: 'syslog', address, port, facility, tag, hostname };
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

function addLevel(
  target: Target,
  words: readonly string[],
  context: ReadContext,
): readonly LogSpec[] {
  const level = readLevel(words);
  if (typeof level !== 'string') throw context.error(level.refusal);
  return Object.freeze([Object.freeze({ ...target, level })]);
}

/**
 * `error_log file | stderr | syslog:... [level]`. Several directives on one level add up. The name of a syslog server
 * is resolved while the configuration is read.
 */
export const errorLogCodec: Codec<readonly LogSpec[]> = {
  schema: { type: 'array', minItems: 1, items: { type: 'string' } },
  syntax:
    'file | stderr | syslog:server=address[,parameter=value] ' +
    '[debug | info | notice | warn | error | crit | alert | emerg]',
  repeat: 'join',
  refusal: (directive) => `invalid number of arguments in "${directive}" directive`,
  parse([word = '', ...levels], context) {
    const target = readTarget(word, context);
    if (!(target instanceof Promise)) return addLevel(target, levels, context);
    return target.then((resolved) => addLevel(resolved, levels, context));
  },
  join: (first, next) => Object.freeze([...first, ...next]),
};
