/**
 * The bytes a parser was given and has not used up. While it looks at them they are the caller's own memory; what is
 * left is copied when the caller wants its memory back. Feeding byte by byte costs no more than twice the bytes.
 */

const none = new Uint8Array(0);
const smallest = 64;

/** A window on bytes: `length` of them, from the first that is not used up. */
export class HeldBytes {
  #bytes: Uint8Array = none;
  #start = 0;
  #end = 0;
  /** Whether `#bytes` is memory of our own, which we may write to. */
  #owned = false;

  get length(): number {
    return this.#end - this.#start;
  }

  /** The byte at `at`, counted from the first byte held. */
  at(at: number): number {
    return this.#bytes[this.#start + at] ?? 0;
  }

  /** A copy of the bytes `from` up to `to`. */
  copy(from: number, to: number): Uint8Array {
    const copy = new Uint8Array(to - from);
    for (let at = from; at < to; at += 1) copy[at - from] = this.at(at);
    return copy;
  }

  /** Adds bytes; borrows them as long as there are no others. */
  add(bytes: Uint8Array): void {
    if (this.length === 0) {
      this.clear();
      this.#bytes = bytes;
      this.#end = bytes.length;
      return;
    }
    this.#reserve(this.length + bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Uses up the first `count` bytes. */
  drop(count: number): void {
    this.#start += count;
    if (this.length === 0) this.clear();
  }

  /** Copies what is borrowed. */
  retain(): void {
    if (!this.#owned && this.length > 0) this.#reserve(this.length);
  }

  /** Forgets everything. Memory of our own may have held a password: it is overwritten. */
  clear(): void {
    if (this.#owned) this.#bytes.fill(0);
    this.#bytes = none;
    this.#start = 0;
    this.#end = 0;
    this.#owned = false;
  }

  /** Makes the bytes our own, in memory with room for `size` bytes from the first held. */
  #reserve(size: number): void {
    if (this.#owned && this.#start + size <= this.#bytes.length) return;
    const roomy = new Uint8Array(capacityFor(size));
    roomy.set(this.#bytes.subarray(this.#start, this.#end));
    const { length } = this;
    this.clear();
    this.#bytes = roomy;
    this.#end = length;
    this.#owned = true;
  }
}

/** The power of two that holds `size` bytes. */
function capacityFor(size: number): number {
  let capacity = smallest;
  while (capacity < size) capacity *= 2;
  return capacity;
}
