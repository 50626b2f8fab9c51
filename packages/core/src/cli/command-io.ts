/** Where the command writes. Its own interface so that the whole command runs inside a test. */
import { writeStandardError } from '../log/stderr-target.js';

/** Standard output and standard error. Neither throws, also when nobody reads any more. */
export interface CommandIo {
  /** Resolves when the system has the bytes, or when they cannot be written. */
  out(bytes: Uint8Array): Promise<void>;
  /** Written before the call returns; false if it could not be. */
  err(text: string): boolean;
}

/** The streams of this process. */
export const processIo: CommandIo = {
  out: (bytes) =>
    new Promise((resolve) => {
      // `postern -T | head -1` closes the pipe early: the error comes as an event, which must have a listener.
      process.stdout.once('error', () => {
        resolve();
      });
      process.stdout.write(bytes, () => {
        resolve();
      });
    }),
  err: writeStandardError,
};
