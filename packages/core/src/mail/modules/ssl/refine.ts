/** A codec that makes more of what another codec reads. */
import type { Codec, ReadContext } from '../../../config/directive.js';

/** `codec` with `more` applied to its value; a second directive on one level is a duplicate. */
export function refine<T, U>(
  codec: Codec<T>,
  more: (value: T, context: ReadContext) => U | Promise<U>,
  syntax = codec.syntax,
): Codec<U> {
  return {
    schema: codec.schema,
    syntax,
    repeat: 'refuse',
    refusal: (directive, words) => codec.refusal(directive, words),
    async parse(words, context) {
      return more(await codec.parse(words, context), context);
    },
  };
}
