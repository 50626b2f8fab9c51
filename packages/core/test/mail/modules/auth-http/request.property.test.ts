import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RequestTemplate } from '../../../../src/mail/modules/auth-http/request.js';
import { serviceAt } from './fixtures.js';

/** A strict reader of its own: CRLF lines, one `name: value` each, no control byte but in no value. */
function readStrictly(request: Buffer): readonly (readonly [string, Buffer])[] {
  const headers: [string, Buffer][] = [];
  let at = request.indexOf('\r\n') + 2;
  expect(request.subarray(0, at).toString()).toBe('GET /auth HTTP/1.1\r\n');
  for (;;) {
    const end = request.indexOf('\r\n', at);
    const line = request.subarray(at, end);
    at = end + 2;
    if (line.length === 0) break;
    const colon = line.indexOf(': ');
    const value = line.subarray(colon + 2);
    expect(colon).toBeGreaterThan(0);
    expect(value.every((byte) => byte >= 0x20)).toBe(true);
    headers.push([line.subarray(0, colon).toString('latin1'), value]);
  }
  expect(at).toBe(request.length);
  return headers;
}

/** A plain percent-decoder. */
function decode(value: Buffer): number[] {
  const bytes: number[] = [];
  for (let at = 0; at < value.length; at += 1) {
    if (value[at] === 0x25) {
      bytes.push(Number.parseInt(value.toString('latin1', at + 1, at + 3), 16));
      at += 2;
    } else bytes.push(value[at] ?? 0);
  }
  return bytes;
}

const template = new RequestTemplate({
  service: serviceAt(9000),
  protocol: 'imap',
  headers: [['X-Key', 'secret']],
  keepAlive: true,
  passClientCert: false,
});

it('I4, G1: any login and password give exactly the expected headers and can be decoded', () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  const run = (login: Uint8Array, secret: Uint8Array, attempt: number): void => {
    const request = template.encode({
      method: 'plain',
      login,
      secret,
      salt: undefined,
      attempt,
      clientAddress: '::1',
      clientName: undefined,
      proxied: undefined,
      envelope: undefined,
      tls: undefined,
    });
    const headers = readStrictly(request);
    expect(headers.map(([name]) => name).join()).toBe(
      'Host,Connection,Auth-Method,Auth-User,Auth-Pass,Auth-Protocol,Auth-Login-Attempt,Client-IP,X-Key',
    );
    const values = new Map(headers);
    expect(decode(values.get('Auth-User') ?? Buffer.alloc(0))).toEqual([...login]);
    expect(decode(values.get('Auth-Pass') ?? Buffer.alloc(0))).toEqual([...secret]);
    expect(values.get('Auth-Login-Attempt')?.toString()).toBe(String(attempt));
  };
  fc.assert(fc.property(bytes, bytes, fc.nat(), run), { numRuns: 20_000 });
}, 60_000);
