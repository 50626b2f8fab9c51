/** The `thread_pool` directive: read and checked as nginx does; nothing in a mail proxy uses a thread pool. */
import { listOf } from '../config/codec.js';
import type { Codec, ReadContext } from '../config/directive.js';
import { readInteger } from '../config/quantity.js';

/** A declared thread pool. */
export interface ThreadPool {
  readonly name: string;
  readonly threads: number;
  readonly maxQueue: number;
}

function readParameter(
  words: readonly string[],
  name: 'threads' | 'max_queue',
  least: number,
  context: ReadContext,
): number | undefined {
  let value: number | undefined;
  for (const word of words.filter((one) => one.startsWith(`${name}=`))) {
    value = readInteger(word.slice(name.length + 1));
    if (value === undefined || value < least) {
      throw context.error(`invalid ${name} value "${word}"`);
    }
  }
  return value;
}

const onePool: Codec<ThreadPool> = {
  schema: { type: 'array', minItems: 2, maxItems: 3, items: { type: 'string' } },
  syntax: 'name threads=number [max_queue=number]',
  repeat: 'refuse',
  refusal: (directive) => `"${directive}" directive invalid value`,
  parse([name = '', ...words], context) {
    const threads = readParameter(words, 'threads', 1, context);
    const maxQueue = readParameter(words, 'max_queue', 0, context) ?? 65_536;
    if (threads === undefined) {
      throw context.error(`"${context.directive}" must have "threads" parameter`);
    }
    return Object.freeze({ name, threads, maxQueue });
  },
};

/** All pools of a configuration; a second one of a name is refused. */
export const threadPools: Codec<readonly ThreadPool[]> = {
  ...listOf(onePool),
  join(first, next, context) {
    const repeated = next.find((pool) => first.some((known) => known.name === pool.name));
    if (repeated !== undefined) throw context.error(`duplicate thread pool "${repeated.name}"`);
    return Object.freeze([...first, ...next]);
  },
};
