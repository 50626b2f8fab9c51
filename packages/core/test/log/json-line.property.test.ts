import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatJsonLine } from '../../src/log/json-line.js';
import { logLevels } from '../../src/log/levels.js';
import { maxLineBytes } from '../../src/log/line.js';

const runs = { numRuns: 20_000 };
const time = '2026-11-22T14:44:57.250+01:00';

const anyText = (maxLength: number) =>
  fc.oneof(
    fc.string({ maxLength }),
    fc.string({ unit: 'binary', maxLength }),
    fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength })
      .map((units) => String.fromCharCode(...units)),
  );

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const facts = (maxLength: number) =>
  fc.record({
    level: fc.constantFrom(...logLevels),
    message: anyText(maxLength),
    connection: optional(fc.nat()),
    fields: fc.record({
      action: optional(anyText(maxLength)),
      protocol: optional(fc.constantFrom('imap', 'pop3', 'smtp')),
      client: optional(anyText(maxLength)),
      server: optional(anyText(maxLength)),
      starttls: optional(fc.boolean()),
      login: optional(anyText(maxLength)),
      upstream: optional(anyText(maxLength)),
    }),
  });

type Facts = ReturnType<typeof facts> extends fc.Arbitrary<infer T> ? T : never;

const lineOf = ({ level, message, connection, fields }: Facts) =>
  formatJsonLine(time, 7, level, message, { connection, subject: { fields: () => fields } });

/** What has a value; an empty text is not written. */
const present = (fields: object) =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  );

describe('a line of the log in JSON', () => {
  it('gives back what went in', () => {
    fc.assert(
      fc.property(facts(24), (given) => {
        const { level, message, connection, fields } = given;
        expect(JSON.parse(lineOf(given))).toEqual({
          ...{ time, level, pid: 7, message },
          ...present({ connection, ...fields }),
        });
      }),
      runs,
    );
  }, 60_000);

  it('N6: is one line of at most 2048 bytes that a terminal can show, whatever went in', () => {
    fc.assert(
      fc.property(facts(700), (given) => {
        const line = lineOf(given);
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(maxLineBytes);
        expect(line.slice(0, -1)).not.toMatch(
          /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u,
        );
        const read = JSON.parse(line) as { message: string; truncated?: boolean };
        expect(given.message.startsWith(read.message)).toBe(true);
        if (read.truncated === undefined) expect(read.message).toBe(given.message);
      }),
      { numRuns: 5000 },
    );
  }, 60_000);
});
