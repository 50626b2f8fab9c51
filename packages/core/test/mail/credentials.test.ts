import { describe, expect, it } from 'vitest';
import { Credentials, type AuthMethod } from '../../src/mail/credentials.js';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

function accepted(method: AuthMethod, secret?: string): string | undefined {
  const credentials = new Credentials();
  credentials.submit({ method, login: bytes('u'), secret: bytes('mine') });
  credentials.replace(undefined, secret === undefined ? undefined : bytes(secret));
  const password = credentials.secret?.reveal();
  return password && Buffer.from(password).toString('latin1');
}

describe('the password for a backend', () => {
  it('is the client’s own where the auth service names none', () => {
    expect(accepted('plain')).toBe('mine');
  });

  it.each(['plain', 'apop', 'cram-md5', 'external', 'none'] as const)(
    'is that of the auth service with %s',
    (method) => {
      expect(accepted(method, 'theirs')).toBe('theirs');
    },
  );

  it.each(['apop', 'cram-md5', 'external', 'none'] as const)(
    'is never what a client of %s submitted',
    (method) => {
      expect(accepted(method)).toBeUndefined();
    },
  );
});
