/** What a compiled schema says of the words of a directive; the same whoever has compiled it, and when. */

/** What is wrong with the words of a directive: their number, or the form of one of them. */
export type WordsFault = 'count' | 'form';

/** A schema as Ajv compiles it: whether words are right, and after a call what is wrong with them. */
export interface Validator {
  (words: readonly string[]): boolean;
  readonly errors?:
    readonly { readonly keyword: string; readonly instancePath: string }[] | null | undefined;
}

/** What `validate` finds; `undefined` means that the words are right. The number of words is judged first. */
export function faultOf(validate: Validator, words: readonly string[]): WordsFault | undefined {
  if (validate(words)) return undefined;
  const isCount = validate.errors?.some(
    ({ keyword, instancePath }) =>
      instancePath === '' && (keyword === 'minItems' || keyword === 'maxItems'),
  );
  return isCount === true ? 'count' : 'form';
}
