/** Messages to send to and fro. */
import { createCipheriv, createHash } from 'node:crypto';

/** A short message that names its reader. */
export const letterTo = (reader: string): Buffer =>
  Buffer.from(
    `Subject: to ${reader}\r\nFrom: a@example.com\r\n\r\nHello, ${reader}.\r\n`,
    'latin1',
  );

const lineLength = 997;

/**
 * A message of `megabytes` MB (2^20 bytes) whose bytes never repeat, the same for each run: any byte but NUL, CR and LF,
 * in lines of 997 bytes, so that no line is aligned with any buffer.
 */
export function bigMessage(megabytes: number): Buffer {
  const header = Buffer.from('Subject: big\r\nContent-Transfer-Encoding: 8bit\r\n\r\n');
  const message = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16)).update(
    Buffer.alloc(megabytes * 2 ** 20),
  );
  for (let at = 0; at < message.length; at++) {
    const byte = message[at];
    if (byte === 0 || byte === 10 || byte === 13) message[at] = 32;
  }
  header.copy(message);
  for (let at = lineLength; at < message.length; at += lineLength + 2) message.write('\r\n', at);
  message.write('\r\n', message.length - 2);
  return message;
}

/** SHA-256 in hexadecimal. */
export const checksum = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** `message` with CR put before each LF, as files of Unix become messages of the network. */
export const withCarriageReturns = (message: Buffer): Buffer =>
  Buffer.from(message.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
