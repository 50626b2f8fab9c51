import { describe, expect, it } from 'vitest';
import { certificateFault, faultText } from '../../src/net/certificate-fault.js';

describe("OpenSSL's verdict about a certificate", () => {
  it.each([
    '2:unable to get issuer certificate',
    '10:certificate has expired',
    '18:self-signed certificate',
    '23:certificate revoked',
    '62:hostname mismatch',
    '68:CA signature digest algorithm too weak',
    '79:invalid CA certificate',
    '94:Certificate public key has explicit ECC parameters',
  ])('has its number: %s', (text) => {
    const reason = text.slice(text.indexOf(':') + 1);
    expect(faultText(certificateFault('UNSPECIFIED', reason))).toBe(text);
  });

  it('is number 1 where the text is of another OpenSSL', () => {
    expect(faultText(certificateFault('UNSPECIFIED', 'something new'))).toBe('1:something new');
  });
});
