import { describe, expect, it } from 'vitest';
import { BodySkipper, bodyLimit } from '../../../../src/mail/modules/auth-http/body.js';
import { ResponseParser } from '../../../../src/mail/modules/auth-http/response.js';

function skipperFor(header: string): BodySkipper | undefined {
  const parser = new ResponseParser();
  expect(parser.push(Buffer.from(`${header}\n\n`))).toBe('done');
  return BodySkipper.for(parser.response);
}

describe('a connection cannot be used again', () => {
  it.each([
    { name: 'without a length', header: 'HTTP/1.1 200 OK' },
    { name: 'after HTTP/1.0', header: 'HTTP/1.0 200 OK\nContent-Length: 0' },
    {
      name: 'after Connection: close',
      header: 'HTTP/1.1 200 OK\nConnection: close\nContent-Length: 0',
    },
    { name: 'without status line', header: 'Content-Length: 0' },
    { name: 'with an unusable length', header: 'HTTP/1.1 200 OK\nContent-Length: x' },
    { name: 'with two lengths', header: 'HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 1' },
    {
      name: 'H4: with length and chunks',
      header: 'HTTP/1.1 200 OK\nContent-Length: 1\nTransfer-Encoding: chunked',
    },
    { name: 'with another coding', header: 'HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked' },
    {
      name: 'with two codings',
      header: 'HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked',
    },
    { name: 'H4: after 100 Continue', header: 'HTTP/1.1 100 Continue' },
    { name: 'H4: with a body of 1 GiB', header: 'HTTP/1.1 200 OK\nContent-Length: 1073741824' },
    {
      name: 'H4: with a body above the limit',
      header: `HTTP/1.1 200 OK\nContent-Length: ${String(bodyLimit + 1)}`,
    },
  ])('$name', ({ header }) => {
    expect(skipperFor(header)).toBeUndefined();
  });
});

describe('a body is skipped', () => {
  const length = (count: number): string => `HTTP/1.1 200 OK\nContent-Length: ${String(count)}`;
  const chunked = 'HTTP/1.1 200 OK\nTransfer-Encoding: Chunked';

  it.each([
    { name: 'an empty one', header: length(0), body: '', end: 'done' },
    { name: 'one of known length', header: length(3), body: 'abc', end: 'done' },
    { name: 'a part of one', header: length(3), body: 'ab', end: 'more' },
    { name: 'more than it says', header: length(3), body: 'abcd', end: 'bad' },
    { name: 'none of 204', header: 'HTTP/1.1 204 No Content', body: '', end: 'done' },
    { name: 'a byte behind 204', header: 'HTTP/1.1 204 No Content', body: 'x', end: 'bad' },
    {
      name: 'chunks',
      header: chunked,
      body: '3\r\nabc\r\nA;x\r\n0123456789\r\n0\r\n\r\n',
      end: 'done',
    },
    { name: 'chunks with bare LF', header: chunked, body: '3\nabc\n0\n\n', end: 'done' },
    { name: 'a trailer', header: chunked, body: '0\r\nA: b\r\nC: d\r\n\r\n', end: 'done' },
    { name: 'an unfinished chunk', header: chunked, body: '3\r\nab', end: 'more' },
    { name: 'a missing end', header: chunked, body: '3\r\nabc\r\n', end: 'more' },
    { name: 'a byte behind the end', header: chunked, body: '0\r\n\r\nx', end: 'bad' },
    { name: 'no size', header: chunked, body: '\r\n', end: 'bad' },
    { name: 'a size of letters', header: chunked, body: 'xyz\r\n', end: 'bad' },
    { name: 'a size above the limit', header: chunked, body: 'fffffffff', end: 'bad' },
    { name: 'data longer than its chunk', header: chunked, body: '1\r\nabc\r\n', end: 'bad' },
    {
      name: 'more than the limit',
      header: chunked,
      body: `ffff\r\n${'x'.repeat(bodyLimit)}`,
      end: 'bad',
    },
  ])('$name: $end, whole and byte by byte', ({ header, body, end }) => {
    const bytes = Buffer.from(body);
    expect(skipperFor(header)?.push(bytes)).toBe(end);
    const skipper = skipperFor(header);
    let result = skipper?.push(Buffer.alloc(0));
    for (let at = 0; at < bytes.length && result !== 'bad'; at += 1) {
      result = skipper?.push(bytes.subarray(at, at + 1));
    }
    expect(result).toBe(end);
  });
});
