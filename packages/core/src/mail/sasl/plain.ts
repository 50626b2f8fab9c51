/** SASL PLAIN (RFC 4616): `authzid NUL authcid NUL passwd`. */
import { decodeBase64 } from './base64.js';
import { refuse, refuseBase64, type AuthzidRule, type SaslStep } from './step.js';

const invalidLogin = 'client sent invalid login in AUTH PLAIN command';
const invalidPassword = 'client sent invalid password in AUTH PLAIN command';
const foreignAuthzid = 'client sent a foreign authorization identity in AUTH PLAIN command';

/**
 * Takes the one line of PLAIN. Login and password may be empty, as in nginx. A third NUL is refused (RFC 4616: no
 * NUL in any part), and so is an authorization identity other than the login unless `authzid` says to ignore it.
 */
export function takePlain(line: Uint8Array, authzid: AuthzidRule): SaslStep {
  const message = decodeBase64(line);
  if (message === undefined) return refuseBase64('PLAIN');
  const first = message.indexOf(0);
  if (first < 0 || first + 1 === message.length) return refuse(invalidLogin);
  const second = message.indexOf(0, first + 1);
  if (second < 0) return refuse(invalidPassword);
  if (message.includes(0, second + 1)) return refuse(invalidPassword);
  const login = message.slice(first + 1, second);
  if (authzid === 'refuse' && first > 0 && !isSame(message.subarray(0, first), login)) {
    return refuse(foreignAuthzid);
  }
  const secret = message.slice(second + 1);
  return { kind: 'credentials', credentials: { method: 'plain', login, secret } };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
