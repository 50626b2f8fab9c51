/**
 * `worker_cpu_affinity`: on which CPUs each worker runs (ngx_set_cpu_affinity and ngx_get_cpu_affinity in nginx.c). Node
 * has no call for it; the command taskset of util-linux does it, where it is there.
 */
import { cpus } from 'node:os';
import { manyWords } from '../config/codec.js';
import type { Codec } from '../config/directive.js';
import { findTaskset } from './worker-limits.js';

/** CPUs by number: one set per worker, the last for all further ones; with `isAuto` one CPU of the last set each. */
export interface CpuAffinity {
  readonly isAuto: boolean;
  readonly masks: readonly (readonly number[])[];
}

const mostCpus = 1024;
const mask = { type: 'string', pattern: `^[01 ]{0,${String(mostCpus)}}$` } as const;

/** The masks of `worker_cpu_affinity`, without the `auto` that may stand before one. */
function masksOf(words: readonly string[]): readonly string[] {
  return words[0] === 'auto' ? words.slice(1) : words;
}

function findWrongMask(words: readonly string[]): string | undefined {
  return masksOf(words).find((word) => !/^[01 ]*$/.test(word) || word.length > mostCpus);
}

function maskRefusal(directive: string, words: readonly string[]): string {
  const wrong = findWrongMask(words) ?? '';
  if (wrong.length > mostCpus) {
    return `"${directive}" supports up to ${String(mostCpus)} CPUs only`;
  }
  // nginx reads a mask from its end.
  const char = [...wrong].reverse().find((one) => !'01 '.includes(one)) ?? '';
  return `invalid character "${char}" in "${directive}"`;
}

/** The last character is CPU 0; spaces do not count. */
function readMask(word: string): readonly number[] {
  const bits = [...word].filter((char) => char !== ' ').reverse();
  return bits.flatMap((bit, cpu) => (bit === '1' ? [cpu] : []));
}

/** The words of `worker_cpu_affinity`. Without taskset there is nginx's warning for a platform that cannot do it. */
export const cpuAffinity: Codec<CpuAffinity> = {
  schema: {
    ...manyWords(),
    if: { prefixItems: [{ const: 'auto' }] },
    then: { maxItems: 2, prefixItems: [{}], items: mask },
    else: { items: mask },
  },
  syntax: 'auto [cpumask] | cpumask ...',
  repeat: 'refuse',
  refusal: maskRefusal,
  parse(words, context) {
    if (findWrongMask(words) !== undefined) {
      throw context.error(maskRefusal(context.directive, words));
    }
    if (findTaskset() === undefined) {
      context.warn(`"${context.directive}" is not supported on this platform, ignored`);
    }
    const isAuto = words[0] === 'auto';
    const all = isAuto && words.length === 1 ? [cpus().map((_, cpu) => cpu)] : [];
    return Object.freeze({ isAuto, masks: [...all, ...masksOf(words).map(readMask)] });
  },
};

/** The CPUs of worker `index`; undefined where it runs on any. */
export function cpusOf(
  { isAuto, masks }: CpuAffinity,
  index: number,
): readonly number[] | undefined {
  const set = masks[index] ?? masks.at(-1);
  if (!isAuto || set === undefined) return set;
  const cpu = set[index % set.length];
  return cpu === undefined ? undefined : [cpu];
}

/** nginx's warning about a number of masks that is not that of `workers`. */
export function affinityWarning(
  { isAuto, masks }: CpuAffinity,
  workers: number,
): string | undefined {
  if (isAuto || masks.length <= 1 || masks.length === workers) return undefined;
  return 'the number of "worker_processes" is not equal to the number of "worker_cpu_affinity" masks, using last mask for remaining worker processes';
}
