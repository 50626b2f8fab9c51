/** The LOGIN mechanism (draft-murchison-sasl-login): a line with the user, a line with the password. */
import { ascii } from '../wire/ascii.js';
import { decodeBase64 } from './base64.js';
import { refuse, refuseBase64, type SaslStep } from './step.js';

/** base64 of `Username:`; EXTERNAL asks with the same words, as in nginx. */
export const usernamePrompt: Uint8Array = ascii('VXNlcm5hbWU6');

/** base64 of `Password:`. */
const passwordPrompt: Uint8Array = ascii('UGFzc3dvcmQ6');

/** Takes the line with the user, and asks for the password. */
export function takeLoginUser(line: Uint8Array): SaslStep {
  const login = decodeBase64(line);
  if (login === undefined) return refuseBase64('LOGIN');
  return { kind: 'challenge', challenge: passwordPrompt, state: { at: 'loginPassword', login } };
}

/** Takes the line with the password. User and password both empty are refused here; nginx asks the auth service. */
export function takeLoginPassword(login: Uint8Array, line: Uint8Array): SaslStep {
  const secret = decodeBase64(line);
  if (secret === undefined) return refuseBase64('LOGIN');
  if (login.length === 0 && secret.length === 0) {
    return refuse('client sent empty login and password in AUTH LOGIN command');
  }
  return { kind: 'credentials', credentials: { method: 'plain', login, secret } };
}
