/** SASL EXTERNAL (RFC 4422, appendix A): the client names itself, the auth service trusts the TLS certificate. */
import { decodeBase64 } from './base64.js';
import { refuseBase64, type SaslStep } from './step.js';

/** Takes the line with the name; it may be empty. There is no password. */
export function takeExternal(line: Uint8Array): SaslStep {
  const login = decodeBase64(line);
  if (login === undefined) return refuseBase64('EXTERNAL');
  const secret = new Uint8Array(0);
  return { kind: 'credentials', credentials: { method: 'external', login, secret } };
}
