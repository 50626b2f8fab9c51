/** Sequence sets: `1`, `2:4`, `5:*`, `1,3:5` (RFC 3501, section 9). */

/** Whether a number is in a set. */
export type InSet = (number: number) => boolean;

/** Reads a set; `last` is what `*` stands for. Undefined if it is no set. */
export function sequenceSet(text: string, last: number): InSet | undefined {
  const ranges = text.split(',').map((part) => rangeOf(part, last));
  const complete = ranges.filter((range) => range !== undefined);
  if (text === '' || complete.length < ranges.length) return undefined;
  return (number) => complete.some(([from, to]) => number >= from && number <= to);
}

function rangeOf(text: string, last: number): readonly [number, number] | undefined {
  const ends = text.split(':').map((end) => (end === '*' ? last : numberOf(end)));
  const [first, second = first] = ends;
  if (ends.length > 2 || first === undefined || second === undefined) return undefined;
  return [Math.min(first, second), Math.max(first, second)];
}

/** A number from 1 to 2^32 - 1 in digits, or undefined. */
function numberOf(text: string): number | undefined {
  const value = Number(text);
  const isNumber = Number.isInteger(value) && value > 0 && value < 2 ** 32;
  return isNumber && String(value) === text ? value : undefined;
}
