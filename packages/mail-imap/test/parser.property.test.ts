import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ImapParser } from '../src/parser.js';
import { bytes, feed, oneByOne, text, type Reaction } from './parse.js';

const runs = { numRuns: 20_000 };

/** Pieces of which hostile and ordinary input is made. */
const piece = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'a ',
      'b2 ',
      ' ',
      'NOOP',
      'login',
      'AUTHENTICATE',
      'FOO',
      'CAPABILITY',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom('\r\n', '\n', '\r', '"', '\\', '"\\"', '\0', ' u', ' "p q"'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '{1}\r\n',
      '{2+}\r\n',
      '{0}',
      '{60+}',
      '{99999999999}',
      '+}\r\n',
      '{',
      '}',
    ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }).map(text) },
);
const stream = fc.array(piece, { maxLength: 24 }).map((pieces) => bytes(pieces.join('')));
const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 12 });

function cut(input: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...[...at].sort((a, b) => a - b), input.length].map((place) =>
    Math.min(place, input.length),
  );
  return places.slice(1).map((end, index) => input.slice(places[index], end));
}

/** A dialog that sometimes does not invite, and expects answers at odd moments: a function of what came last alone. */
const moody: Reaction = (parsed) => {
  if (parsed.kind === 'invitation') return parsed.command.tag.length === 3 ? 'command' : 'rest';
  return parsed.kind === 'command' && parsed.command.operands.length === 1 ? 'answer' : 'command';
};

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

const word = fc.uint8Array({ minLength: 1, maxLength: 30 });
const safe = word.filter((value) => !value.includes(0));

/** Prints a command so that reading it gives the same arguments. */
const printers = [
  (value: Uint8Array): string => `{${String(value.length)}+}\r\n${text(value)}`,
  (value: Uint8Array): string =>
    value.includes(0x0d) || value.includes(0x0a)
      ? `{${String(value.length)}+}\n${text(value)}`
      : `"${text(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
];

it('F11: what was printed as quoted strings and literals is read back, byte for byte', () => {
  const print = fc.constantFrom(...printers);
  fc.assert(
    fc.property(safe, safe, print, print, (login, secret, first, second) => {
      const parser = new ImapParser(4096);
      parser.push(bytes(`a LOGIN ${first(login)} ${second(secret)}\r\n`));
      const parsed = parser.next('command');
      if (parsed?.kind !== 'command') return expect.unreachable('not a command');
      expect(parsed.command.operands.map((operand) => operand.reveal())).toEqual([login, secret]);
    }),
    runs,
  );
});
