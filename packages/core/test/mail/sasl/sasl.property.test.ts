import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../../src/mail/sasl/base64.js';
import { answerSasl, startSasl } from '../../../src/mail/sasl/mechanism.js';
import type { SaslOptions, SaslStep } from '../../../src/mail/sasl/step.js';

const runs = { numRuns: 20_000 };
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=';
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const options: SaslOptions = {
  enabled: ['cram-md5', 'external'],
  authzid: 'refuse',
  salt: () => '<1.1@mx>',
};

it('base64: what was encoded decodes to itself, with and without padding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (value) => {
      const text = encodeBase64(value);
      expect(decodeBase64(text)).toEqual(value);
      expect(decodeBase64(text.filter((byte) => byte !== 0x3d))).toEqual(value);
    }),
    runs,
  );
});

it('base64: every byte outside the alphabet is refused wherever it stands before the padding', () => {
  const strange = fc
    .integer({ min: 0, max: 255 })
    .filter((byte) => !alphabet.includes(String.fromCharCode(byte)));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), strange, fc.nat(), (value, byte, place) => {
      const text = [...encodeBase64(value)].filter((each) => each !== 0x3d);
      text.splice(place % (text.length + 1), 0, byte);
      expect(decodeBase64(Uint8Array.from(text))).toBeUndefined();
    }),
    runs,
  );
});

const words = fc.array(
  fc.oneof(
    fc.constantFrom('PLAIN', 'login', 'Cram-MD5', 'EXTERNAL').map(bytes),
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }).map(encodeBase64),
  ),
  { maxLength: 4 },
);
const line = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.uint8Array({ maxLength: 60 }).map(encodeBase64),
  fc.constant(bytes('*')),
);

it('arbitrary words and lines never throw and end after two answers at the latest', () => {
  fc.assert(
    fc.property(words, line, line, (start, first, second) => {
      let step = startSasl(start, options);
      if (step.kind === 'challenge') step = answerSasl(step.state, first);
      if (step.kind === 'challenge') step = answerSasl(step.state, second);
      expect(['credentials', 'invalid']).toContain(step.kind);
    }),
    runs,
  );
});

interface Round {
  readonly words: readonly string[];
  readonly lines: readonly string[];
  readonly ends: string;
}

const digest = '0'.repeat(32);
const b64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

/** Exchanges with the outcome each has when it is the first of its session. */
const rounds: readonly Round[] = [
  { words: ['PLAIN'], lines: [b64('\0a\0one')], ends: 'plain a one -' },
  { words: ['PLAIN'], lines: ['*'], ends: 'invalid' },
  { words: ['PLAIN', b64('\0b\0two')], lines: [], ends: 'plain b two -' },
  { words: ['LOGIN'], lines: [b64('c'), b64('three')], ends: 'plain c three -' },
  { words: ['LOGIN'], lines: [b64('d'), '*'], ends: 'invalid' },
  { words: ['LOGIN', b64('e')], lines: ['*'], ends: 'invalid' },
  { words: ['CRAM-MD5'], lines: [b64(`f ${digest}`)], ends: `cram-md5 f ${digest} <1.1@mx>` },
  { words: ['CRAM-MD5'], lines: [b64('nospace')], ends: 'invalid' },
  { words: ['CRAM-MD5'], lines: ['*'], ends: 'invalid' },
  { words: ['EXTERNAL'], lines: [b64('g')], ends: 'external g  -' },
  { words: ['EXTERNAL'], lines: ['*'], ends: 'invalid' },
];

function outcome(step: SaslStep): string {
  if (step.kind !== 'credentials') return step.kind;
  const { method, login, secret, salt } = step.credentials;
  return [method, Buffer.from(login).toString(), Buffer.from(secret).toString(), salt ?? '-'].join(
    ' ',
  );
}

it('F7: an exchange ends as if it were the first, whatever was aborted or done before it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...rounds), { minLength: 1, maxLength: 20 }),
      (session) => {
        for (const round of session) {
          let step = startSasl(round.words.map(bytes), options);
          for (const answer of round.lines) {
            if (step.kind === 'challenge') step = answerSasl(step.state, bytes(answer));
          }
          expect(outcome(step)).toBe(round.ends);
        }
      },
    ),
    runs,
  );
});
