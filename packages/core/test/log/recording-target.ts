/** A target that keeps its lines. */
import type { LogTarget } from '../../src/log/error-log.js';
import type { LogLevel } from '../../src/log/levels.js';

export class RecordingTarget implements LogTarget {
  readonly lines: string[] = [];
  readonly levels: LogLevel[] = [];
  readonly dropped = 0;
  flushes = 0;

  write(line: string, level: LogLevel): void {
    this.lines.push(line);
    this.levels.push(level);
  }

  reopen(): undefined {
    return undefined;
  }

  flushSync(): void {
    this.flushes += 1;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
