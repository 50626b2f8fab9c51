/**
 * A value that must not be seen: a password or a digest. It prints as `***` however it is printed; the bytes are
 * reached by `reveal()` alone, which only dialogs and authentication modules call.
 */
import { inspect } from 'node:util';

const hidden = '***';

/** Bytes that print as `***`. */
export class Secret {
  #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Number of bytes. */
  get length(): number {
    return this.#bytes.length;
  }

  /** The bytes themselves, for the auth request and the backend and nothing else. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  /** Overwrites the bytes; the secret is empty afterwards. */
  wipe(): void {
    this.#bytes.fill(0);
    this.#bytes = new Uint8Array(0);
  }

  toString(): string {
    return hidden;
  }

  toJSON(): string {
    return hidden;
  }

  [inspect.custom](): string {
    return hidden;
  }
}
