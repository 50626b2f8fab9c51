import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BodySkipper, bodyLimit } from '../../../../src/mail/modules/auth-http/body.js';
import { AuthResponse } from '../../../../src/mail/modules/auth-http/response-fields.js';
import { ResponseParser, headerLimit } from '../../../../src/mail/modules/auth-http/response.js';

const numRuns = 20_000;

/** Bytes that look like answers often enough. */
const answers = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom('Auth-Status: OK', 'Auth-Status: no', 'Auth-Server: ::1'),
      },
      {
        weight: 6,
        arbitrary: fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/', 'Auth-Wait: 1', 'Auth-Port:', ''),
      },
      { weight: 6, arbitrary: fc.constantFrom('\r\n', '\n', '\r', ': ', ' ', '\0', '\r\n\r\n') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'utf8'));

function read(bytes: Buffer, cuts: readonly number[]): object {
  const parser = new ResponseParser();
  let from = 0;
  let used = 0;
  for (const cut of [
    ...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ]) {
    const chunk = Buffer.from(bytes.subarray(from, cut));
    if (chunk.length > 0 && parser.push(chunk) === 'more') used += chunk.length;
    else if (chunk.length > 0) {
      used += parser.used;
      chunk.fill(0);
      break;
    }
    chunk.fill(0);
    from = cut;
  }
  return {
    progress: parser.push(Buffer.alloc(0)),
    used,
    response: Object.entries(parser.response),
  };
}

it('E9: an answer is read the same however it is cut, and nothing throws', () => {
  const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 6 });
  fc.assert(
    fc.property(answers, cuts, (bytes, at) => {
      expect(read(bytes, at)).toEqual(read(bytes, []));
    }),
    { numRuns },
  );
}, 60_000);

it('H5: never takes more than 16 KiB', () => {
  const parts = fc.array(fc.nat({ max: 4000 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(parts, (sizes) => {
      const parser = new ResponseParser();
      let taken = 0;
      for (const size of sizes) {
        const progress = parser.push(Buffer.alloc(size, 'x'));
        taken += progress === 'more' ? size : 0;
      }
      expect(taken).toBeLessThan(headerLimit);
    }),
    { numRuns: 2000 },
  );
}, 60_000);

it('a chunked body is skipped however it is cut, and a stray byte is noticed', () => {
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { maxLength: 5 });
  const response = Object.assign(new AuthResponse(), {
    httpStatus: 200,
    persistent: true,
    chunked: true,
  });
  fc.assert(
    fc.property(
      pieces,
      fc.array(fc.nat({ max: 300 }), { maxLength: 4 }),
      fc.boolean(),
      (data, cuts, stray) => {
        const framed = data.flatMap((piece) => [
          Buffer.from(`${piece.length.toString(16)};x=y\r\n`),
          Buffer.from(piece),
          Buffer.from('\r\n'),
        ]);
        const body = Buffer.concat([
          ...framed,
          Buffer.from(`0\r\nT: v\r\n\r\n${stray ? 'x' : ''}`),
        ]);
        const skipper = BodySkipper.for(response);
        let from = 0;
        const results: (string | undefined)[] = [];
        for (const cut of [
          ...cuts.filter((at) => at < body.length).sort((a, b) => a - b),
          body.length,
        ]) {
          if (cut > from) results.push(skipper?.push(body.subarray(from, cut)));
          from = Math.max(from, cut);
        }
        expect(results.at(-1)).toBe(stray ? 'bad' : 'done');
      },
    ),
    { numRuns },
  );
}, 60_000);

it('a body of any bytes is bounded and nothing throws', () => {
  const shape = fc.record({
    contentLength: fc.option(fc.nat({ max: 2 * bodyLimit }), { nil: undefined }),
    chunked: fc.option(fc.boolean(), { nil: undefined }),
  });
  fc.assert(
    fc.property(
      shape,
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }),
      (fields, chunks) => {
        const response = Object.assign(new AuthResponse(), {
          httpStatus: 200,
          persistent: true,
          ...fields,
        });
        const skipper = BodySkipper.for(response);
        for (const chunk of chunks) {
          if (skipper?.push(Buffer.from(chunk)) !== 'more') break;
        }
      },
    ),
    { numRuns },
  );
}, 60_000);
