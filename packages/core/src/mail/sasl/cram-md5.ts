/** CRAM-MD5 (RFC 2195). The digest is checked by the auth service, which is told the challenge. */
import { decodeBase64, encodeBase64 } from './base64.js';
import { refuse, refuseBase64, type SaslStep } from './step.js';

/** Bytes of a digest: 128 bits in hexadecimal. */
const digestLength = 32;
const space = 0x20;

/** Asks with the challenge `salt`. */
export function challengeCramMd5(salt: string): SaslStep {
  const challenge = encodeBase64(Buffer.from(salt, 'utf8'));
  return { kind: 'challenge', challenge, state: { at: 'cramMd5', salt } };
}

/** Takes `user SP digest`. As in nginx the user ends at the first space and the digest is 32 bytes of any kind. */
export function takeCramMd5(salt: string, line: Uint8Array): SaslStep {
  const message = decodeBase64(line);
  if (message === undefined) return refuseBase64('CRAM-MD5');
  const end = message.indexOf(space);
  if (end < 0 || message.length - end - 1 !== digestLength) {
    return refuse('client sent invalid CRAM-MD5 hash in AUTH CRAM-MD5 command');
  }
  const login = message.slice(0, end);
  const secret = message.slice(end + 1);
  return { kind: 'credentials', credentials: { method: 'cram-md5', login, secret, salt } };
}
