/** Codecs of directives of the main context that have a grammar of their own. */
import { availableParallelism } from 'node:os';
import { listOf, oneWord, path, text } from '../config/codec.js';
import type { Codec, ReadContext } from '../config/directive.js';
import { readInteger } from '../config/quantity.js';
import { findAccount } from './accounts.js';

/** The account that workers run as. */
export interface ProcessUser {
  readonly user: string;
  readonly group: string;
  readonly uid: number;
  readonly gid: number;
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** `user name [group]`. Without privileges it is ignored with nginx's warning; with them both names must exist. */
export const processUser: Codec<ProcessUser | undefined> = {
  schema: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'string' } },
  syntax: 'user [group]',
  repeat: 'refuse',
  refusal: (directive) => `"${directive}" directive invalid value`,
  parse([user = '', group = user], context) {
    if (isRoot()) return knownUser(user, group, context);
    context.warn(
      'the "user" directive makes sense only if the master process runs with super-user privileges, ignored',
    );
    return undefined;
  },
};

async function knownUser(user: string, group: string, context: ReadContext): Promise<ProcessUser> {
  const account = await findAccount('passwd', user);
  if (account === undefined) throw context.error(`getpwnam("${user}") failed`);
  const own = await findAccount('group', group);
  if (own === undefined) throw context.error(`getgrnam("${group}") failed`);
  return Object.freeze({ user, group, uid: account.id, gid: own.id });
}

/** A number of processes; `auto` is the number of CPUs this process may use. */
export const workerProcesses: Codec<number> = {
  schema: oneWord({ anyOf: [{ const: 'auto' }, { integer: true }] }),
  syntax: 'number | auto',
  repeat: 'refuse',
  refusal: (directive) => `"${directive}" directive invalid value`,
  parse([word = ''], context) {
    const count = word === 'auto' ? availableParallelism() : readInteger(word);
    if (count === undefined) throw context.error(`"${context.directive}" directive invalid value`);
    return count;
  },
};

const inPrefix = path('prefix');

/** A file of the process itself. An empty name stands for the default, as in nginx. */
export const processFile: Codec<string | undefined> = {
  ...inPrefix,
  parse: (words, context) => (words[0] === '' ? undefined : inPrefix.parse(words, context)),
};

/** A number with an optional sign, at most 2^63-1; undefined for any other word. */
function readSigned(word: string): number | undefined {
  const isNegative = word.startsWith('-');
  const value = readInteger(isNegative || word.startsWith('+') ? word.slice(1) : word);
  // Adding 0 makes "-0" the number 0.
  return value === undefined ? undefined : (isNegative ? -value : value) + 0;
}

/** A nice value with an optional sign. A second one is a duplicate unless the first was 0, as in nginx. */
export const priority: Codec<number> = {
  schema: oneWord({ anyOf: [{ integer: true }, { pattern: '^[+-]0*[0-9]{1,18}$' }] }),
  syntax: 'number',
  repeat: 'join',
  refusal: (directive) => `"${directive}" directive invalid number`,
  parse([word = ''], context) {
    const value = readSigned(word);
    if (value === undefined) throw context.error(`"${context.directive}" directive invalid number`);
    return value;
  },
  join(first, next, context) {
    if (first !== 0) throw context.error(`"${context.directive}" directive is duplicate`);
    return next;
  },
};

/** One variable of the environment: kept if it has no value here, set otherwise. */
export interface EnvironmentEntry {
  readonly name: string;
  readonly value: string | undefined;
}

const environmentEntry: Codec<EnvironmentEntry> = {
  schema: text.schema,
  syntax: 'variable[=value]',
  repeat: 'refuse',
  refusal: (directive) => `"${directive}" directive invalid value`,
  parse([word = '']) {
    const equals = word.indexOf('=');
    return equals === -1
      ? { name: word, value: undefined }
      : { name: word.slice(0, equals), value: word.slice(equals + 1) };
  },
};

/** `env VAR[=value]`, repeatable. */
export const environment = listOf(environmentEntry);
