/** Lines that a log could not take. They are counted, and owned up to once the log takes lines again. */
import { composeLine, type LogFormat } from './log-format.js';

/** Counts what one log has lost. */
export class Losses {
  /** The log in the sentence, for instance a path. */
  readonly #name: string;
  readonly #format: LogFormat;
  #total = 0;
  #told = 0;

  constructor(name: string, format: LogFormat) {
    this.#name = name;
    this.#format = format;
  }

  /** Lines lost so far. */
  get total(): number {
    return this.#total;
  }

  add(lines = 1): void {
    this.#total += lines;
  }

  /** The line about what was lost since the last such line, of level alert; `undefined` where nothing was. */
  confession(): string | undefined {
    const lost = this.#total - this.#told;
    if (lost === 0) return undefined;
    this.#told = this.#total;
    const message = `${String(lost)} log lines could not be written to "${this.#name}" and are lost`;
    return composeLine(this.#format, process.pid, 'alert', message);
  }
}
