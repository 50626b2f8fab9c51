import { describe, expect, it } from 'vitest';
import {
  RequestTemplate,
  type RequestFacts,
  type RequestOptions,
} from '../../../../src/mail/modules/auth-http/request.js';
import { serviceAt } from './fixtures.js';

const options: RequestOptions = {
  service: serviceAt(9000),
  protocol: 'imap',
  headers: [],
  keepAlive: false,
  passClientCert: false,
};

const facts: RequestFacts = {
  method: 'plain',
  login: Buffer.from('U'),
  secret: Buffer.from('p'),
  salt: undefined,
  attempt: 1,
  clientAddress: '127.0.0.1',
  clientName: undefined,
  proxied: undefined,
  envelope: undefined,
  tls: undefined,
};

function encode(change: Partial<RequestFacts> = {}, server: Partial<RequestOptions> = {}): string {
  return new RequestTemplate({ ...options, ...server })
    .encode({ ...facts, ...change })
    .toString('latin1');
}

const lines = (...text: readonly string[]): string => [...text, '', ''].join('\r\n');

describe('a request', () => {
  it("is nginx's byte for byte without keepalive", () => {
    expect(encode()).toBe(
      lines(
        'GET /auth HTTP/1.0',
        'Host: 127.0.0.1',
        'Auth-Method: plain',
        'Auth-User: U',
        'Auth-Pass: p',
        'Auth-Protocol: imap',
        'Auth-Login-Attempt: 1',
        'Client-IP: 127.0.0.1',
      ),
    );
  });

  it('asks for the connection to be kept otherwise', () => {
    expect(encode({}, { keepAlive: true })).toBe(
      lines(
        'GET /auth HTTP/1.1',
        'Host: 127.0.0.1',
        'Connection: keep-alive',
        'Auth-Method: plain',
        'Auth-User: U',
        'Auth-Pass: p',
        'Auth-Protocol: imap',
        'Auth-Login-Attempt: 1',
        'Client-IP: 127.0.0.1',
      ),
    );
  });

  it.each(['apop', 'cram-md5'] as const)('of %s has the challenge behind the digest', (method) => {
    const salt = '<2118958203.1795358711@mx.test>';
    expect(encode({ method, salt })).toContain(
      `Auth-Method: ${method}\r\nAuth-User: U\r\nAuth-Pass: p\r\nAuth-Salt: ${salt}\r\nAuth-Protocol`,
    );
  });

  it.each(['plain', 'external', 'none'] as const)('of %s has no challenge', (method) => {
    const text = encode({ method, salt: 'stale' });
    expect(text).toContain(`Auth-Method: ${method}\r\n`);
    expect(text).not.toContain('Auth-Salt');
  });

  it('names protocol, attempt and client', () => {
    const text = encode({ attempt: 12, clientAddress: 'unix:' }, { protocol: 'pop3' });
    expect(text).toContain(
      '\r\nAuth-Protocol: pop3\r\nAuth-Login-Attempt: 12\r\nClient-IP: unix:\r\n\r\n',
    );
  });

  it('sends empty login and password', () => {
    const text = encode({ login: Buffer.alloc(0), secret: Buffer.alloc(0) });
    expect(text).toContain('\r\nAuth-User: \r\nAuth-Pass: \r\n');
  });

  it('ends with the configured headers as written, in order', () => {
    const headers = [
      ['X-Key', 'a  b'],
      ['X-Key', 'ü'],
    ] as const;
    const bytes = new RequestTemplate({ ...options, headers }).encode(facts);
    expect(bytes.toString()).toMatch(
      /Client-IP: 127\.0\.0\.1\r\nX-Key: a {2}b\r\nX-Key: ü\r\n\r\n$/u,
    );
  });

  it('takes the URI as configured', () => {
    expect(encode({}, { service: { ...options.service, uri: '?x' } })).toMatch(
      /^GET \?x HTTP\/1\.0/u,
    );
  });
});

describe('escapes', () => {
  it('bytes of login and password are escaped as in nginx', () => {
    const login = Buffer.from('u\r\nX: y', 'latin1');
    const secret = Buffer.from('p\xff+%"\x7f', 'latin1');
    const text = encode({ login, secret });
    expect(text).toContain('\r\nAuth-User: u%0D%0AX:%20y\r\nAuth-Pass: p\xff+%25"\x7f\r\n');
  });

  it('G1: a login cannot add a header', () => {
    const login = Buffer.from('u\r\nAuth-Method: none\r\n ');
    const text = encode({ login });
    expect(text).toContain('\r\nAuth-User: u%0D%0AAuth-Method:%20none%0D%0A%20\r\n');
    expect(text.match(/^Auth-Method/gmu)).toHaveLength(1);
  });

  it('F11: each byte arrives as it is or percent-encoded in upper case', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const raw = String.fromCharCode(byte);
      const hex = byte.toString(16).toUpperCase().padStart(2, '0');
      const expected = byte <= 0x20 || raw === '%' ? `%${hex}` : raw;
      expect(encode({ login: Uint8Array.of(byte) })).toContain(`\r\nAuth-User: ${expected}\r\n`);
    }
  });
});
