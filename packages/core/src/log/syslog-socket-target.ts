/**
 * A syslog server on a UNIX-domain socket. Node has no datagram sockets on paths, so the messages go through the
 * `logger` command of util-linux, one long-lived process for each log: it reads lines from a pipe, sends each as a
 * datagram in the form of RFC 3164, and opens the socket anew where the server was started again.
 *
 * A pipe that is full costs lines, never time; a command that ends is started again with the next line, at most once a
 * second.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { LogTarget } from './error-log.js';
import type { LogLevel } from './levels.js';
import type { SyslogSocketSpec } from './log-spec.js';
import { Losses } from './losses.js';
import { syslogPriority } from './syslog-message.js';

/** Bytes that may wait for the command; lines beyond are dropped. */
const maxWaitingBytes = 1024 * 1024;
/** Milliseconds between two starts of the command. */
const restartMs = 1000;
/** Milliseconds that a command gets to send what it has read when the log is closed. */
const endMs = 2000;
/** The longest message; a line has 2048 bytes. */
const maxMessageBytes = 4096;
/** Milliseconds to wait for the answer of `logger --version`. */
const versionMs = 5000;

const command = 'logger';

/**
 * The version text of the `logger` command, or nothing where it is missing or not the one of util-linux: others cannot
 * write to a socket of one's choice.
 */
export function findSyslogCommand(): Promise<readonly string[]> {
  return new Promise((resolve) => {
    execFile(command, ['--version'], { timeout: versionMs }, (error, output) => {
      resolve(error === null && output.includes('util-linux') ? [output.trim()] : []);
    });
  });
}

function argumentsFor({ path, tag, hostname }: SyslogSocketSpec): readonly string[] {
  const form = hostname ? ['--rfc3164'] : [];
  const reading = ['--prio-prefix', '--size', String(maxMessageBytes), '--socket-errors=off'];
  return ['--socket', path, '--tag', tag, ...form, ...reading];
}

/** A process that sends what is written to `input`. */
interface Sender {
  readonly process: ChildProcess;
  readonly input: Writable;
}

/** A `syslog:server=unix:...` log. */
export class SyslogSocketTarget implements LogTarget {
  readonly #spec: SyslogSocketSpec;
  readonly #losses: Losses;
  #sender: Sender | undefined;
  #startedAt = Number.NEGATIVE_INFINITY;
  #closing: Promise<void> | undefined;

  constructor(spec: SyslogSocketSpec) {
    this.#spec = spec;
    this.#losses = new Losses(`syslog:server=unix:${spec.path}`, spec.format ?? 'text');
  }

  get dropped(): number {
    return this.#losses.total;
  }

  write(line: string, level: LogLevel): void {
    const input = this.#closing === undefined ? this.#input() : undefined;
    if (input === undefined || input.writableLength > maxWaitingBytes) {
      this.#losses.add();
      return;
    }
    const confession = this.#losses.confession();
    if (confession !== undefined) this.#send(input, confession, 'alert');
    this.#send(input, line, level);
  }

  reopen(): undefined {
    return undefined;
  }

  flushSync(): void {
    // What is in the pipe is sent also when this process has ended; there is no way to wait for what is not.
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  #send(input: Writable, line: string, level: LogLevel): void {
    input.write(`${syslogPriority(this.#spec.facility, level)}${line}`, (error) => {
      // Typed as never undefined, but it is.
      if (error instanceof Error) this.#losses.add();
    });
  }

  #input(): Writable | undefined {
    if (this.#sender !== undefined) return this.#sender.input;
    const now = performance.now();
    if (now - this.#startedAt < restartMs) return undefined;
    this.#startedAt = now;
    this.#sender = this.#start();
    return this.#sender.input;
  }

  #start(): Sender {
    // In a session of its own: Ctrl-C must not end it before the last line.
    const stdio: ['pipe', 'ignore', 'ignore'] = ['pipe', 'ignore', 'ignore'];
    const process = spawn(command, argumentsFor(this.#spec), { stdio, detached: true });
    const sender = { process, input: process.stdin };
    const gone = (): void => {
      if (this.#sender === sender) this.#sender = undefined;
      sender.input.destroy();
    };
    process.on('error', gone);
    process.on('exit', gone);
    sender.input.on('error', gone);
    process.unref();
    if (sender.input instanceof Socket) sender.input.unref();
    return sender;
  }

  async #finish(): Promise<void> {
    const sender = this.#sender;
    if (sender === undefined) return;
    const { process, input } = sender;
    if (process.exitCode !== null || process.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => {
        process.kill();
      }, endMs);
      const ended = (): void => {
        clearTimeout(late);
        resolve();
      };
      process.once('exit', ended);
      process.once('error', ended);
      process.ref();
      input.end();
    });
  }
}
