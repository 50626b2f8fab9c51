import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replyCode, replyLength } from '../src/backend-reply.js';
import { bytes } from './parse.js';

describe('replyLength', () => {
  it.each([
    { name: 'nothing is not a reply', buffer: '', is: 0 },
    { name: 'I2: half a line is not', buffer: '220 hi\r', is: 0 },
    { name: 'a line is', buffer: '220 hi\r\n', is: 8 },
    { name: 'a code alone is', buffer: '220\r\n', is: 5 },
    { name: 'I3: a line with a dash goes on', buffer: '220-hi\r\n', is: 0 },
    { name: 'I3: up to the line without one', buffer: '220-hi\r\n220-x\r\n220 y\r\n', is: 22 },
    { name: 'I3: which may be a code alone', buffer: '220-hi\r\n220\r\n', is: 13 },
    { name: 'I3: a dash alone goes on', buffer: '220-\r\n220', is: 0 },
    { name: 'I4: another code ends it', buffer: '250-a\r\n220-b\r\n250 c\r\n', is: 14 },
    { name: 'I4: a line without a code ends it', buffer: '250-a\r\nb-cd\r\n250 c\r\n', is: 13 },
    { name: 'I4: what is no reply is one line', buffer: '* OK\r\n220 x\r\n', is: 6 },
    { name: 'I4: an empty line too', buffer: '\r\n', is: 2 },
    { name: 'I15: a bare LF does not end a line', buffer: '220 hi\n', is: 0 },
    { name: 'I15: a bare LF is part of it', buffer: '220 hi\nx\r\n', is: 10 },
    { name: 'I5: of two replies the first counts', buffer: '220 a\r\n250 b\r\n', is: 7 },
  ])('$name', ({ buffer, is }) => {
    expect(replyLength(bytes(buffer))).toBe(is);
  });
});

describe('replyCode', () => {
  it.each([
    { reply: '220 hi\r\n', is: 220 },
    { reply: '250\r\n', is: 250 },
    { reply: '250 \r\n', is: 250 },
    { reply: '550-a\r\n550-\r\n550 b\r\n', is: 550 },
    { reply: '599 x\r\n', is: 599 },
    { reply: '199 x\r\n', is: undefined },
    { reply: '600 x\r\n', is: undefined },
    { reply: '999 x\r\n', is: undefined },
    { reply: '22\r\n', is: undefined },
    { reply: '2x0 a\r\n', is: undefined },
    { reply: ' 20 a\r\n', is: undefined },
    { reply: '2200 a\r\n', is: undefined },
    { reply: '220:a\r\n', is: undefined },
    { reply: '\r\n', is: undefined },
    { reply: '250-a\r\n220 b\r\n', is: undefined },
    { reply: '250-a\r\n250x\r\n', is: undefined },
    { reply: '250-a\r\nabc d\r\n', is: undefined },
  ])('I4: of $reply is $is', ({ reply, is }) => {
    expect(replyLength(bytes(reply))).toBe(reply.length);
    expect(replyCode(bytes(reply))).toBe(is);
  });
});

const part = fc.oneof(
  fc.constantFrom('220', '250', '-', ' ', '\r\n', '\n', '\r', '2', '9', 'x'),
  fc.uint8Array({ maxLength: 3 }).map((some) => Buffer.from(some).toString('latin1')),
);

it('I3: the first reply is found where it ends, whatever comes behind it', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
      const buffer = bytes(parts.join(''));
      const length = replyLength(buffer);
      expect(length).toBeLessThanOrEqual(buffer.length);
      for (let end = 0; end < length; end += 1) {
        expect(replyLength(buffer.subarray(0, end))).toBe(0);
      }
      expect(replyLength(buffer.subarray(0, length))).toBe(length);
    }),
    { numRuns: 20_000 },
  );
});
