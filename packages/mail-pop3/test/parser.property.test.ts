import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Pop3Parser } from '../src/parser.js';
import { bytes, feed, oneByOne, text, type Reaction } from './parse.js';

const runs = { numRuns: 20_000 };

/** Pieces of which hostile and ordinary input is made. */
const piece = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'USER',
      'pass',
      'APOP',
      'AUTH',
      'NOOP',
      'STAT',
      'STLS',
      'AUTH PLAIN',
    ),
  },
  { weight: 4, arbitrary: fc.constantFrom('\r\n', '\n', '\r', ' ', '  ', ' u', ' a b', '\0') },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }).map(text) },
  { weight: 1, arbitrary: fc.constantFrom('x'.repeat(40), ' '.repeat(30)) },
);
const stream = fc.array(piece, { maxLength: 24 }).map((pieces) => bytes(pieces.join('')));
const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 12 });

function cut(input: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...[...at].sort((a, b) => a - b), input.length].map((place) =>
    Math.min(place, input.length),
  );
  return places.slice(1).map((end, index) => input.slice(places[index], end));
}

/** A dialog that expects answers at odd moments: a function of what came last alone. */
const moody: Reaction = (parsed) =>
  parsed.kind === 'command' && parsed.command.operands.length === 1 ? 'answer' : 'command';

it('E9: however a stream is cut, the results are the same', () => {
  fc.assert(
    fc.property(stream, cuts, (input, places) => {
      const given = { limit: 64, react: moody };
      const whole = feed([input], given);
      expect(feed(cut(input, places), given).results).toEqual(whole.results);
      const dripped = feed(oneByOne(input), given);
      expect(dripped.results).toEqual(whole.results);
      expect(dripped.parser.unread).toBe(whole.parser.unread);
    }),
    runs,
  );
});

it('E7, E8: whatever comes, no byte of it throws, and less than the limit is held of a command', () => {
  fc.assert(
    fc.property(stream, cuts, fc.integer({ min: 1, max: 64 }), (input, places, limit) => {
      const { parser } = feed(cut(input, places), { limit, react: moody });
      expect(parser.unread).toBeLessThan(limit);
    }),
    runs,
  );
});

it('every line that is not too long gives one result', () => {
  fc.assert(
    fc.property(stream, (input) => {
      const { results, parser } = feed([input], { limit: 4096, react: moody });
      expect(results).toHaveLength(input.filter((byte) => byte === 0x0a).length);
      expect(parser.unread).toBe(input.length - (input.lastIndexOf(0x0a) + 1));
    }),
    runs,
  );
});

const isIn = (forbidden: string) => (value: Uint8Array) =>
  !value.some((byte) => forbidden.includes(String.fromCharCode(byte)));
const word = fc.uint8Array({ minLength: 1, maxLength: 30 });
const argument = word.filter(isIn('\r\n')).filter(([first]) => first !== 0x20);
const plainWord = word.filter(isIn('\r\n '));

/** Gives the arguments of the one command that `line` is. */
function operandsOf(line: string): readonly Uint8Array[] {
  const parser = new Pop3Parser(4096);
  parser.push(bytes(line));
  const parsed = parser.next('command');
  if (parsed?.kind !== 'command') return expect.unreachable('not a command');
  return parsed.command.operands.map((operand) => operand.reveal());
}

it('E14, F11: what was printed behind USER and PASS is read back, byte for byte', () => {
  const verb = fc.constantFrom('USER', 'PASS');
  const lineEnd = fc.constantFrom('\r\n', '\n');
  fc.assert(
    fc.property(verb, argument, lineEnd, (name, value, end) => {
      expect(operandsOf(`${name} ${text(value)}${end}`)).toEqual([value]);
    }),
    runs,
  );
});

it('F11: up to three words behind another verb are read back, byte for byte', () => {
  const verb = fc.constantFrom('APOP', 'AUTH', 'NOOP');
  fc.assert(
    fc.property(verb, fc.array(plainWord, { maxLength: 3 }), (name, words) => {
      expect(operandsOf([name, ...words.map(text)].join(' ') + '\r\n')).toEqual(words);
    }),
    runs,
  );
});
