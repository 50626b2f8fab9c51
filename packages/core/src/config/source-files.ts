/**
 * What a configuration learns from outside its text: files, matches of masks, addresses of names. Everything is asked
 * once and remembered, so that a process which is given the answers of another reads the very same configuration: a
 * worker that is replaced months later, and one that may not read the keys any more.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expandMask } from './include.js';

/** The answers to all questions that were asked; plain data, to be sent to another process. */
export interface Snapshot {
  /** Contents by path as opened. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Answers by question, such as the paths that match a mask. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

/** Asks the outside world each question once. A file that cannot be read is not remembered. */
export class SourceFiles {
  readonly #files: Map<string, Buffer>;
  readonly #lists: Map<string, readonly string[]>;
  /** Whether the same program has just found the configuration right that these answers lead to. */
  readonly isChecked: boolean;

  /** @param known - answers of another process; what is not among them is asked. */
  constructor(known?: Snapshot, isChecked = false) {
    this.#files = new Map(known?.files);
    this.#lists = new Map(known?.lists);
    this.isChecked = isChecked;
  }

  /** Everything answered so far. */
  get snapshot(): Snapshot {
    return { files: this.#files, lists: this.#lists };
  }

  /** The contents of a file, which must not be changed. Rejects with the error of the system. */
  async read(path: string): Promise<Buffer> {
    const known = this.#files.get(path);
    return known ?? this.#keep(path, await readFile(path));
  }

  /** {@link read} without waiting. Throws the error of the system. */
  readNow(path: string): Buffer {
    return this.#files.get(path) ?? this.#keep(path, readFileSync(path));
  }

  /** The paths that match `mask`, sorted by bytes. */
  list(mask: string): Promise<readonly string[]> {
    return this.ask(`files ${mask}`, () => expandMask(mask));
  }

  /** The answer to any other question; `question` tells it from all others. */
  async ask(
    question: string,
    answer: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const known = this.#lists.get(question);
    if (known !== undefined) return known;
    const found = await answer();
    this.#lists.set(question, found);
    return found;
  }

  #keep(path: string, bytes: Buffer): Buffer {
    this.#files.set(path, bytes);
    return bytes;
  }
}
