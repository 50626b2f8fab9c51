/**
 * Where sockets read to. All idle sockets of a worker share one buffer: a session that waits costs no read memory. A
 * session that moves bulk borrows a large buffer of its own and gives it back when it calms down.
 */

/** Bytes of the buffer that idle sockets share. */
export const sharedBytes = 64 * 1024;

/** Bytes of a borrowed buffer. */
export const bulkBytes = 128 * 1024;

/** A read of this many bytes makes a session a bulk session. */
export const bulkThreshold = 16 * 1024;

/** Borrowed buffers kept for the next borrower. */
const keptBuffers = 16;

/** The buffer of all sockets that have none of their own. */
export const sharedBuffer = Buffer.allocUnsafeSlow(sharedBytes);

const pool: Buffer[] = [];

/** A buffer of {@link bulkBytes} for one session. */
export function borrowBuffer(): Buffer {
  return pool.pop() ?? Buffer.allocUnsafeSlow(bulkBytes);
}

/** Gives a borrowed buffer back; the caller must have no write of it under way. */
export function returnBuffer(buffer: Buffer): void {
  if (pool.length < keptBuffers) pool.push(buffer);
}
