import { PassThrough } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { faultOf } from '../../src/net/tls-state.js';

const advised = 'self-signed certificate; if the root CA is installed locally, try this';

/** A socket whose handshake ended with this verdict of Node. */
function judged(verdict: Error | null): TLSSocket {
  const socket = new TLSSocket(new PassThrough());
  Object.defineProperty(socket, 'ssl', { value: { verifyError: () => verdict } });
  return socket;
}

it('the verdict about a certificate is OpenSSL’s text, without the advice of newer versions of Node', () => {
  const code = 'DEPTH_ZERO_SELF_SIGNED_CERT';
  const reason = 'self-signed certificate';
  for (const message of [advised, reason]) {
    const fault = faultOf(judged(Object.assign(new Error(message), { code })));
    expect(fault).toEqual({ code, number: 18, reason });
  }
  expect(faultOf(judged(null))).toBeUndefined();
});
