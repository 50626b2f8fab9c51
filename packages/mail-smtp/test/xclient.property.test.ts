import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { xclientCommand } from '../src/xclient.js';
import { bytes, text } from './parse.js';

const peer = { address: '192.0.2.1', port: 40_000, family: 'IPv4' } as const;
const name = '[UNAVAILABLE]';
const line = (login: Uint8Array): string => text(xclientCommand({ peer, login, name }));

/** Reads xtext back (RFC 3461, section 4). */
function decoded(xtext: string): Uint8Array {
  const plain = xtext.replace(/\+([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return bytes(plain);
}

describe('XCLIENT', () => {
  it.each([
    { name: 'an IPv4 client', address: '192.0.2.1', family: 'IPv4', is: 'ADDR=192.0.2.1' },
    { name: 'an IPv6 client', address: '::1', family: 'IPv6', is: 'ADDR=IPV6:::1' },
    {
      name: 'an IPv4 client on a socket of both families',
      address: '::ffff:192.0.2.1',
      family: 'IPv6',
      is: 'ADDR=IPV6:::ffff:192.0.2.1',
    },
    { name: 'a client on a Unix socket', address: 'unix:', family: 'Unix', is: 'ADDR=unix:' },
  ] as const)('names $name', ({ address, family, is }) => {
    const command = xclientCommand({
      peer: { address, port: 1, family },
      login: bytes(''),
      name: 'c.test',
    });
    expect(text(command)).toBe(`XCLIENT ${is} NAME=c.test\r\n`);
  });

  it.each([
    { name: 'as it is', login: 'u@x.test%"/~!', is: 'u@x.test%"/~!' },
    { name: 'with spaces and signs escaped', login: 'us er+=x', is: 'us+20er+2B+3Dx' },
    {
      name: 'without new attributes',
      login: 'u NAME=evil ADDR=1.2.3.4',
      is: 'u+20NAME+3Devil+20ADDR+3D1.2.3.4',
    },
    { name: 'without new lines', login: 'u\r\nX: y', is: 'u+0D+0AX:+20y' },
    { name: 'with NUL, DEL and bytes beyond ASCII escaped', login: '\0\x7f\xe9', is: '+00+7F+E9' },
  ])('D8: tells a login $name', ({ login, is }) => {
    expect(line(bytes(login))).toBe(`XCLIENT ADDR=192.0.2.1 LOGIN=${is} NAME=[UNAVAILABLE]\r\n`);
  });

  it('D8: is one line of four words for every login, and the login can be read back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (login) => {
        const [, address, user = '', host, ...more] = line(login).split(' ');
        expect([address, host, more]).toEqual(['ADDR=192.0.2.1', `NAME=${name}\r\n`, []]);
        const xtext = user.slice('LOGIN='.length);
        expect(/^[!-*,-<>-~+]+$/.test(xtext)).toBe(true);
        expect(decoded(xtext)).toEqual(login);
      }),
      { numRuns: 20_000 },
    );
  });
});
