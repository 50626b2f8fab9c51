/** Every error that the test kit throws. Messages show bytes in the escaped form of `printable`. */
import { PosternError } from '@postern/core';

/** A peer did not say in time what was waited for. `received` is what it had said instead. */
export class NotReceived extends PosternError {
  /** What was waited for, in words. */
  readonly awaited: string;
  /** The bytes that had come and were not yet taken, escaped. */
  readonly received: string;

  constructor(awaited: string, received: string, reason: string) {
    super(
      'POSTERN_TESTKIT_NOT_RECEIVED',
      `waited for ${awaited}, ${reason}; not yet taken: "${received}"`,
    );
    this.awaited = awaited;
    this.received = received;
  }
}

/** A peer said something else than was expected. Both texts are escaped. */
export class Unexpected extends PosternError {
  readonly expected: string;
  readonly received: string;

  constructor(expected: string, received: string) {
    super('POSTERN_TESTKIT_UNEXPECTED', `expected "${expected}", received "${received}"`);
    this.expected = expected;
    this.received = received;
  }
}

/** A character that is no byte: strings of the test kit are Latin-1, one character per byte. */
export const notBytes = (text: string): PosternError =>
  new PosternError(
    'POSTERN_TESTKIT_NOT_BYTES',
    `"${text}" has a character above U+00FF; give bytes, for instance Buffer.from(text)`,
  );

/** A transcript that cannot be read. `line` counts from 1. */
export const badTranscript = (line: number, why: string): PosternError =>
  new PosternError('POSTERN_TESTKIT_TRANSCRIPT', `line ${String(line)}: ${why}`);

/** A socket that cannot be opened or listened on. */
export const cannotListen = (where: string, cause: NodeJS.ErrnoException): PosternError =>
  new PosternError(
    'POSTERN_TESTKIT_LISTEN',
    cause.code === 'EADDRINUSE' ? `${where} is taken by another program` : cause.message,
    { cause },
  );

/** nginx could not be started; `output` is what it wrote. */
export const nginxFailed = (why: string, output: string): PosternError =>
  new PosternError('POSTERN_TESTKIT_NGINX', `nginx ${why}: ${output}`);

/** A port of the demo that cannot be listened on. */
export function demoPort(part: string, port: number, cause: unknown): PosternError {
  const reason = cause instanceof PosternError ? cause.cause : cause;
  const isTaken = reason instanceof Error && 'code' in reason && reason.code === 'EADDRINUSE';
  const why = isTaken ? 'is taken by another program' : `cannot be used: ${String(reason)}`;
  const what = `port ${String(port)}, wanted for the ${part} of the demo,`;
  return new PosternError('POSTERN_TESTKIT_DEMO_PORT', `${what} ${why}`, { cause });
}

/** A promise of the protocol interface that is not kept. */
export const contractBroken = (what: string, expected: string, found: string): PosternError =>
  new PosternError('POSTERN_TESTKIT_CONTRACT', `${what}: expected ${expected}, found ${found}`);
