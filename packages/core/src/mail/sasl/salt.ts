/** The challenge of CRAM-MD5 (RFC 2195) and APOP (RFC 1939). */
import { randomBytes } from 'node:crypto';

/** Random bytes of one challenge: 128 bits, where nginx has 31. */
const randomLength = 16;

/**
 * A new challenge `<R.T@serverName>`: R are 128 random bits in decimal, T the Unix time in seconds. Never the same
 * twice; nginx keeps one for a whole session.
 */
export function newSalt(serverName: string): string {
  const random = BigInt(`0x${randomBytes(randomLength).toString('hex')}`).toString();
  const seconds = Math.floor(Date.now() / 1000);
  return `<${random}.${String(seconds)}@${serverName}>`;
}
