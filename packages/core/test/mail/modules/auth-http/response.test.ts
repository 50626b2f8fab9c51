import { describe, expect, it } from 'vitest';
import {
  ResponseParser,
  headerLimit,
  type ResponseProgress,
} from '../../../../src/mail/modules/auth-http/response.js';
import type { AuthResponse } from '../../../../src/mail/modules/auth-http/response-fields.js';

interface Read {
  readonly progress: ResponseProgress;
  readonly response: AuthResponse;
  /** Bytes behind the header. */
  readonly rest: number;
}

function read(text: string, size: number): Read {
  const bytes = Buffer.from(text, 'latin1');
  const parser = new ResponseParser();
  let progress: ResponseProgress = 'more';
  let at = 0;
  while (at < bytes.length && progress === 'more') {
    // As in the relay, the buffer of a chunk is reused: nothing may be read from it later.
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    progress = parser.push(chunk);
    chunk.fill(0x23);
    at += progress === 'done' ? parser.used : chunk.length;
  }
  return { progress, response: parser.response, rest: bytes.length - at };
}

const latin1 = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString('latin1');

const sizes = [{ size: 1 }, { size: 7 }, { size: 100_000 }];

describe.each(sizes)('in chunks of $size bytes', ({ size }) => {
  it('reads every header that counts', () => {
    const { progress, response, rest } = read(
      'HTTP/1.1 200 OK\r\nAuth-Status: OK\r\nAuth-Server: 192.0.2.1\r\nAuth-Port: 143\r\n' +
        'Auth-User: u\xff\r\nAuth-Pass: p q\r\nAuth-Wait: 5\r\nAuth-Error-Code: 535\r\n' +
        'Content-Length: 3\r\nX-Other: y\r\n\r\nabc',
      size,
    );
    expect(progress).toBe('done');
    expect(rest).toBe(3);
    expect(response).toMatchObject({
      httpStatus: 200,
      persistent: true,
      refusal: undefined,
      wait: false,
      waitSeconds: 5,
      contentLength: 3,
      chunked: undefined,
    });
    const { server, port, user, secret, errorCode } = response;
    expect([server, port, user, secret, errorCode].map(latin1)).toEqual([
      '192.0.2.1',
      '143',
      'u\xff',
      'p q',
      '535',
    ]);
  });

  it.each([
    { name: 'no status line at all', text: 'Auth-Server: s\r\n\r\n', status: undefined },
    {
      name: 'a status line of another version',
      text: 'HTTP/2.0 200\r\nAuth-Server: s\r\n\r\n',
      status: 200,
    },
    {
      name: 'H3: a status other than 200',
      text: 'HTTP/1.1 500 Bad\r\nAuth-Server: s\r\n\r\n',
      status: 500,
    },
    { name: 'a status line without code', text: 'HTTP/1.1\r\nAuth-Server: s\r\n\r\n', status: 0 },
    { name: 'a status of four digits', text: 'HTTP/1.1 2000\r\nAuth-Server: s\r\n\r\n', status: 0 },
    { name: 'a status of letters', text: 'HTTP/1.1 20x\r\nAuth-Server: s\r\n\r\n', status: 0 },
    { name: 'bare LF line ends', text: 'HTTP/1.0 200 OK\nAuth-Server: s\n\n', status: 200 },
    { name: 'mixed line ends', text: 'HTTP/1.0 200 OK\nAuth-Server: s\r\n\n', status: 200 },
    { name: 'names in lower case', text: 'auth-server: s\n\n', status: undefined },
    { name: 'names in capitals', text: 'AUTH-SERVER:s\n\n', status: undefined },
    { name: 'spaces around a value', text: 'Auth-Server:   s  \r\n\r\n', status: undefined },
    {
      name: 'the last of repeated headers',
      text: 'Auth-Server: t\nAuth-Server: s\n\n',
      status: undefined,
    },
    {
      name: 'a header that starts like a status line',
      text: 'HTTP: x\nAuth-Server: s\n\n',
      status: undefined,
    },
    { name: 'a header without colon', text: 'Lonely\nAuth-Server: s\n\n', status: undefined },
    {
      name: 'names that start with a digit',
      text: '4-u: x\nAuth-Server: s\n\n',
      status: undefined,
    },
    {
      name: 'unknown headers',
      text: 'Auth-Serve: t\nAuth-Server: s\nAuth-Server2: t\n\n',
      status: undefined,
    },
  ])('H5: accepts $name', ({ text, status }) => {
    const { progress, response } = read(text, size);
    expect(progress).toBe('done');
    expect(response.httpStatus).toBe(status);
    expect(latin1(response.server)).toBe('s');
  });

  it('keeps inner spaces and does not trim tabs', () => {
    const { response } = read('Auth-Status:   bad  thing  \nAuth-User: \tx\t \n\n', size);
    expect(latin1(response.refusal)).toBe('bad  thing');
    expect(latin1(response.user)).toBe('\tx\t');
  });

  it.each([
    { name: 'a folded header', text: 'Auth-Status: OK\r\n more\r\n\r\n' },
    { name: 'a header folded by a tab', text: 'Auth-Status: OK\r\n\tmore\r\n\r\n' },
    { name: 'a space in a name', text: 'Auth Status: OK\r\n\r\n' },
    { name: 'an underscore in a name', text: 'X_Y: z\r\n\r\n' },
    { name: 'a name that starts with a dash', text: '-X: z\r\n\r\n' },
    { name: 'an empty name', text: ': z\r\n\r\n' },
    { name: 'a NUL in a name', text: 'Auth\0: z\r\n\r\n' },
    { name: 'a space before the colon', text: 'Auth-Status : OK\r\n\r\n' },
    { name: 'a bare CR in a value', text: 'Auth-Status: no\ra OK [CAPABILITY X]\r\n\r\n' },
    { name: 'a bare CR in a name', text: 'Auth\rStatus: no\r\n\r\n' },
    { name: 'two CR before LF', text: 'Auth-Status: OK\r\r\n\r\n' },
    { name: 'a bare CR for the empty line', text: 'Auth-Status: OK\r\n\rX' },
    { name: 'O1: __proto__ as a name', text: '__proto__: x\r\n\r\n' },
    { name: 'eight-bit bytes in a name', text: 'Auth-St\xe4tus: OK\r\n\r\n' },
  ])('H5: refuses $name', ({ text }) => {
    expect(read(text, size).progress).toBe('invalid header');
  });

  it('H5: refuses a bare CR in the status line', () => {
    expect(read('HTTP/1.0 200 OK\rX\n\n', size).progress).toBe('invalid response');
  });

  it('O1: names of object properties are unknown headers', () => {
    const text = 'constructor: y\nproto: z\ntoString: x\nhasOwnProperty: 1\nAuth-Server: s\n\n';
    const { progress, response } = read(text, size);
    expect(progress).toBe('done');
    expect(latin1(response.server)).toBe('s');
    expect(Object.getPrototypeOf(response)).toHaveProperty('setHeader');
    expect('polluted' in {}).toBe(false);
  });

  it.each([
    {
      name: 'OK after a refusal',
      text: 'Auth-Status: no\nAuth-Status: OK\n\n',
      refusal: 'no',
      wait: false,
    },
    {
      name: 'another refusal',
      text: 'Auth-Status: a\nAuth-Status: b\n\n',
      refusal: 'b',
      wait: false,
    },
    {
      name: 'OK after WAIT',
      text: 'Auth-Status: WAIT\nAuth-Status: OK\n\n',
      refusal: undefined,
      wait: true,
    },
    {
      name: 'a refusal after OK',
      text: 'Auth-Status: OK\nAuth-Status: no\n\n',
      refusal: 'no',
      wait: false,
    },
    { name: 'lower case', text: 'auth-status: ok\n\n', refusal: 'ok', wait: false },
    { name: 'Wait in small letters', text: 'Auth-Status: Wait\n\n', refusal: 'Wait', wait: false },
    { name: 'an empty status', text: 'Auth-Status:\n\n', refusal: '', wait: false },
    { name: 'OK with more', text: 'Auth-Status: OK then\n\n', refusal: 'OK then', wait: false },
  ])('Auth-Status: $name', ({ text, refusal, wait }) => {
    const { response } = read(text, size);
    expect(latin1(response.refusal)).toBe(refusal);
    expect(response.wait).toBe(wait);
  });

  it.each([
    ['5', 5],
    [' 5', 5],
    ['0', 0],
    ['-1', 0],
    ['1e3', 0],
    ['99999999999999999999', 0],
    ['5s', 0],
    ['', 0],
  ])('H9: Auth-Wait "%s" is %s seconds', (value, seconds) => {
    expect(read(`Auth-Wait: ${value}\n\n`, size).response.waitSeconds).toBe(seconds);
  });

  it('H9: an unusable Auth-Wait leaves an earlier one alone', () => {
    expect(read('Auth-Wait: 5\nAuth-Wait: x\n\n', size).response.waitSeconds).toBe(5);
  });

  it('H2: every truncation of a good answer is incomplete', () => {
    const text = 'HTTP/1.1 200 OK\r\nAuth-Server: 192.0.2.1\r\nAuth-Port: 143\r\n\r\n';
    for (let end = 1; end < text.length; end += 1) {
      expect(read(text.slice(0, end), size).progress).toBe('more');
    }
    expect(read(text, size).progress).toBe('done');
  });

  it('H5: accepts 2 KiB, which nginx does not', () => {
    expect(read(`X: ${'x'.repeat(2048)}\nAuth-Server: s\n\n`, size).progress).toBe('done');
  });

  it('H5: a header may have 16 KiB and not a byte more', () => {
    const filled = (length: number): string => `X: ${'x'.repeat(length - 5)}\n\n`;
    expect(filled(headerLimit)).toHaveLength(headerLimit);
    expect(read(filled(headerLimit), size).progress).toBe('done');
    expect(read(filled(headerLimit + 1), size).progress).toBe('too large');
    expect(read('a:b\n'.repeat(10_000), size).progress).toBe('too large');
  });

  it('takes nothing more once it has failed', () => {
    const parser = new ResponseParser();
    expect(parser.push(Buffer.from('_'))).toBe('invalid header');
    expect(parser.push(Buffer.from('\n\n'))).toBe('invalid header');
  });
});

describe('connections', () => {
  it.each([
    { text: 'HTTP/1.1 200 OK\n\n', persistent: true },
    { text: 'HTTP/1.0 200 OK\n\n', persistent: false },
    { text: 'HTTP/1.0 200 OK\nConnection: keep-alive\n\n', persistent: false },
    { text: 'HTTP/1.1 200 OK\nConnection: Close\n\n', persistent: false },
    { text: 'HTTP/1.1 200 OK\nConnection: keep-alive\n\n', persistent: true },
    { text: 'HTTP/2 200 OK\n\n', persistent: false },
    { text: 'Auth-Status: OK\n\n', persistent: false },
  ])('$text is kept: $persistent', ({ text, persistent }) => {
    expect(read(text, 100).response.persistent).toBe(persistent);
  });
});
