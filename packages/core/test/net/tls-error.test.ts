import { describe, expect, it } from 'vitest';
import { handshakeError, peerClosed, streamError } from '../../src/net/tls-error.js';

const nodeError = (
  code: string,
  message: string,
  more: Partial<NodeJS.ErrnoException> = {},
): NodeJS.ErrnoException => Object.assign(new TypeError(message), { code }, more);

const cases = [
  {
    name: 'OpenSSL without the place in its source',
    error: nodeError(
      'ERR_SSL_NO_SHARED_CIPHER',
      '40E7:error:0A0000C1:SSL routines:tls_post_process_client_hello:no shared cipher:../deps/statem_srvr.c:2241:\n',
    ),
    message: 'SSL_do_handshake() failed (SSL: error:0A0000C1:SSL routines::no shared cipher)',
    level: 'info',
  },
  {
    name: 'an alert with its number',
    error: nodeError(
      'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
      'C0:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:a.c:1586:SSL alert number 42\n',
    ),
    message:
      'SSL_do_handshake() failed (SSL: error:0A000412:SSL routines::sslv3 alert bad certificate:SSL alert number 42)',
    level: 'info',
  },
  {
    name: 'an internal error of OpenSSL is critical',
    error: nodeError(
      'ERR_SSL_INTERNAL_ERROR',
      'error:0A0C0103:SSL routines:f:internal error:a.c:1',
    ),
    message: 'SSL_do_handshake() failed (SSL: error:0A0C0103:SSL routines::internal error)',
    level: 'crit',
  },
  {
    name: 'an error of another library is critical',
    error: nodeError('ERR_OSSL_RSA_KEY', 'error:02000078:rsa routines:f:key size too small:a.c:1:'),
    message: 'SSL_do_handshake() failed (SSL: error:02000078:rsa routines::key size too small)',
    level: 'crit',
  },
  {
    name: 'OpenSSL in an unknown form as it is, on one line',
    error: nodeError('ERR_SSL_X', 'something else\nsecond line'),
    message: 'SSL_do_handshake() failed (SSL: something else second line)',
    level: 'crit',
  },
  {
    name: 'all that OpenSSL says; the last counts',
    error: nodeError(
      'ERR_SSL_CIPHER_OPERATION_FAILED',
      'C0:error:1C800066:Provider routines:f:cipher operation failed:a.c:320:\nC0:error:0A000119:SSL routines:f:bad record mac:b.c:623:\n',
    ),
    message:
      'SSL_do_handshake() failed (SSL: error:1C800066:Provider routines::cipher operation failed error:0A000119:SSL routines::bad record mac)',
    level: 'info',
  },
  {
    name: 'the system',
    error: nodeError('ECONNRESET', 'read ECONNRESET', { errno: -104, syscall: 'read' }),
    message: 'peer closed connection in SSL handshake (104: Connection reset by peer)',
    level: 'info',
  },
  {
    name: 'what Node calls an early end',
    error: nodeError('ECONNRESET', 'Client network socket disconnected before ...'),
    message: 'peer closed connection in SSL handshake',
    level: 'info',
  },
];

describe('the text of a failed handshake', () => {
  it.each(cases)('$name', ({ error, message, level }) => {
    const failure = handshakeError(error);
    expect(failure.message).toBe(message);
    expect(failure.level).toBe(level);
  });

  it('leaves an error of ours as it is', () => {
    const ours = peerClosed();
    expect(handshakeError(ours)).toBe(ours);
  });
});

describe('the text of an error after the handshake', () => {
  it('names the call that nginx would have made', () => {
    const error = nodeError('ERR_SSL_BAD', 'error:0A000119:SSL routines:f:bad record mac:a.c:1:');
    expect(streamError(error).message).toBe(
      'SSL_read() failed (SSL: error:0A000119:SSL routines::bad record mac)',
    );
  });

  it('leaves an error of the system as it is', () => {
    const error = nodeError('EPIPE', 'write EPIPE');
    expect(streamError(error)).toBe(error);
  });
});
