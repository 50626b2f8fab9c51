/** A client that reads a big message in fits and starts and keeps nothing of it but its checksum. */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type { Account } from './accounts.js';

/** What a reader has read. */
export interface Reading {
  readonly bytes: number;
  readonly checksum: string;
}

/**
 * Logs in and fetches message 1. When it has read as many bytes as `stallsAt` says (ascending), it reads no more until
 * `pause` resolves. Rejects when the answer is not whole or the backend's closing lines do not follow it.
 */
export async function readSlowly(
  port: number,
  { user, password }: Account,
  stallsAt: readonly number[],
  pause: () => Promise<void>,
): Promise<Reading> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.write(`a LOGIN ${user} ${password}\r\nb SELECT INBOX\r\nc FETCH 1 BODY.PEEK[]\r\n`);
  const message = new LiteralReader();
  const stalls = [...stallsAt];
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    message.add(chunk);
    if (message.bytes >= (stalls[0] ?? Number.POSITIVE_INFINITY)) {
      stalls.shift();
      await pause();
    }
    // Leaving the loop destroys the socket.
    if (/^\)\r\nc OK .*\r\n$/.test(message.after)) return message;
  }
  throw new Error(`the answer ended after ${String(message.bytes)} bytes: ${message.after}`);
}

/** Takes the first `{n}` literal out of a stream. */
class LiteralReader implements Reading {
  bytes = 0;
  /** What came behind the literal. */
  after = '';
  #before = '';
  #size: number | undefined;
  readonly #hash = createHash('sha256');

  get checksum(): string {
    return this.#hash.copy().digest('hex');
  }

  add(chunk: Buffer): void {
    let rest = chunk;
    if (this.#size === undefined) {
      this.#before += chunk.toString('latin1');
      const start = /\{(\d+)\}\r\n/.exec(this.#before);
      if (start === null) return;
      this.#size = Number(start[1]);
      const text = this.#before.slice(start.index + start[0].length);
      rest = Buffer.from(text, 'latin1');
    }
    const part = rest.subarray(0, this.#size - this.bytes);
    this.#hash.update(part);
    this.bytes += part.length;
    this.after += rest.toString('latin1', part.length);
  }
}
