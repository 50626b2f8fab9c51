import fc from 'fast-check';
import { expect, it } from 'vitest';
import { commandText, hasControl } from '../src/envelope.js';
import { bytes, feed, oneByOne, text, type Reaction } from './parse.js';

const runs = { numRuns: 20_000 };

/** Pieces of which hostile and ordinary input is made. */
const piece = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'NOOP',
      'ehlo',
      'MAIL',
      'RCPT',
      'AUTH',
      'STARTTLS',
      'DATA',
      'XCLIENT',
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '\r\n',
      '\n',
      '\r',
      ' ',
      '  ',
      ' FROM:<a@b>',
      '\0',
      '\t',
      ' 1 2 3 4',
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

it('E8: whatever comes, no byte of it throws, and less than the limit is held of a command', () => {
  fc.assert(
    fc.property(stream, cuts, fc.integer({ min: 1, max: 64 }), (input, places, limit) => {
      const { parser } = feed(cut(input, places), { limit, react: moody });
      expect(parser.unread).toBeLessThan(limit);
    }),
    runs,
  );
});

it('D2: each line in is one result, and a command that is sent on is one line', () => {
  fc.assert(
    fc.property(stream, (input) => {
      const { results, parsed } = feed([input]);
      expect(results).toHaveLength(input.filter((byte) => byte === 0x0a).length);
      for (const result of parsed) {
        if (result.kind !== 'command') continue;
        const sent = commandText(result.command.typed);
        expect(sent.includes(0x0a) || sent.includes(0x0d)).toBe(false);
        if (!hasControl(sent)) expect(sent.every((byte) => byte >= 0x20)).toBe(true);
      }
    }),
    runs,
  );
});

const word = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((value) =>
    value.map((byte) => (byte === 0x20 || byte === 0x0d || byte === 0x0a ? 0x78 : byte)),
  );
const words = fc.array(word, { minLength: 1, maxLength: 11 });

it('D6: a command is read back as it was printed, byte for byte', () => {
  fc.assert(
    fc.property(
      words,
      fc.constantFrom(' ', '   '),
      fc.constantFrom('\r\n', '\n'),
      (given, gap, end) => {
        const line = `MAIL${gap}${given.map(text).join(gap)}`;
        const [parsed] = feed([bytes(`${line}${gap}${end}`)]).parsed;
        if (parsed?.kind !== 'command') return expect.unreachable('not a command');
        expect(parsed.command.args).toEqual(given);
        expect(text(commandText(parsed.command.typed))).toBe(line);
      },
    ),
    runs,
  );
});
