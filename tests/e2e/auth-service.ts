/** The auth service of the tests: it knows the accounts, checks what clients sent, and points at Dovecot. */
import { createHmac } from 'node:crypto';
import { acceptLogin, refuseLogin, startAuthServer } from '@postern/testkit';
import type { AuthRequest, AuthServer } from '@postern/testkit';
import type { Account } from './accounts.js';

/** Starts the service, on `port` if it must be a certain one. */
export function startAuthService(
  accounts: readonly Account[],
  dovecotPort: number,
  port = 0,
): Promise<AuthServer> {
  const passwords = new Map(accounts.map(({ user, password }) => [user, password]));
  return startAuthServer(
    (request) => {
      const password = passwords.get(request.user);
      if (password === undefined || !isRight(request, password)) {
        return refuseLogin('Wrong name or password');
      }
      // A digest cannot be used for the login at the backend: the service knows the password instead.
      const digest = request.method === 'cram-md5';
      return acceptLogin(dovecotPort, digest ? { pass: password } : {});
    },
    { port },
  );
}

function isRight(request: AuthRequest, password: string): boolean {
  if (request.method !== 'cram-md5') return request.pass === password;
  const hmac = createHmac('md5', Buffer.from(password, 'latin1'));
  return hmac.update(request.header('Auth-Salt') ?? '').digest('hex') === request.pass;
}
