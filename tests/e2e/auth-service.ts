/** The auth service of the tests: it knows the accounts, checks what clients sent, and points at the mail server. */
import { createHash, createHmac } from 'node:crypto';
import { acceptLogin, refuseLogin, startAuthServer } from '@postern/testkit';
import type { AuthRequest, AuthServer } from '@postern/testkit';
import type { Account } from './accounts.js';

/** Starts the service, on `port` if it must be a certain one. */
export function startAuthService(
  accounts: readonly Account[],
  backendPort: number,
  port = 0,
): Promise<AuthServer> {
  const passwords = new Map(accounts.map(({ user, password }) => [user, password]));
  return startAuthServer(
    (request) => {
      // An envelope without a login: what becomes of it is for the mail server to say.
      if (request.method === 'none') return acceptLogin(backendPort);
      const password = passwords.get(request.user);
      if (password === undefined || !isRight(request, password)) {
        return refuseLogin('Wrong name or password');
      }
      // A digest cannot be used for the login at the backend: the service knows the password instead.
      return acceptLogin(backendPort, request.method === 'plain' ? {} : { pass: password });
    },
    { port },
  );
}

function isRight(request: AuthRequest, password: string): boolean {
  const secret = Buffer.from(password, 'latin1');
  const salt = request.header('Auth-Salt') ?? '';
  switch (request.method) {
    case 'cram-md5':
      return createHmac('md5', secret).update(salt).digest('hex') === request.pass;
    case 'apop':
      return createHash('md5').update(salt).update(secret).digest('hex') === request.pass;
    default:
      return request.pass === password;
  }
}
