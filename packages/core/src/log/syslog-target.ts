/**
 * A syslog server over UDP, in the datagram format of ngx_syslog.c (after RFC 3164):
 * `<PRI>Mon dd hh:mm:ss HOST TAG: line`. Nobody confirms a datagram; a server that is not there costs nothing.
 */
import { createSocket, type Socket } from 'node:dgram';
import { hostname } from 'node:os';
import { severity, type LogTarget } from './error-log.js';
import type { LogLevel } from './levels.js';
import type { SyslogSpec } from './log-spec.js';

/** Datagrams that may wait for the system; more are dropped. */
const maxWaiting = 1024;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Nov  2 14:44:52` in local time, from a log line that starts `2026/11/02 14:44:52`. */
function syslogTime(line: string): string {
  const month = months[Number(line.slice(5, 7)) - 1] ?? '';
  const day = String(Number(line.slice(8, 10))).padStart(2);
  return `${month} ${day} ${line.slice(11, 19)}`;
}

/** The datagram of one log line. `host` is empty where it must not be sent. */
export function syslogDatagram(
  spec: Pick<SyslogSpec, 'facility' | 'tag'>,
  host: string,
  line: string,
  level: LogLevel,
): string {
  const priority = spec.facility * 8 + severity(level);
  const from = host === '' ? '' : `${host} `;
  const text = line.endsWith('\n') ? line.slice(0, -1) : line;
  return `<${String(priority)}>${syslogTime(line)} ${from}${spec.tag}: ${text}`;
}

/** A `syslog:` log. */
export class SyslogTarget implements LogTarget {
  readonly #spec: SyslogSpec;
  readonly #host: string;
  #socket: Socket | undefined;
  #waiting = 0;
  #dropped = 0;
  #idle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(spec: SyslogSpec) {
    this.#spec = spec;
    this.#host = spec.hostname ? hostname().toLowerCase() : '';
  }

  get dropped(): number {
    return this.#dropped;
  }

  write(line: string, level: LogLevel): void {
    if (this.#closing !== undefined || this.#waiting >= maxWaiting) {
      this.#dropped += 1;
      return;
    }
    this.#waiting += 1;
    const datagram = syslogDatagram(this.#spec, this.#host, line, level);
    this.#socket ??= this.#open();
    this.#socket.send(datagram, this.#spec.port, this.#spec.address, (error) => {
      this.#sent(error);
    });
  }

  reopen(): undefined {
    return undefined;
  }

  flushSync(): void {
    // A datagram is with the system as soon as its socket is bound; there is no way to wait for that.
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  #open(): Socket {
    const socket = createSocket(this.#spec.address.includes(':') ? 'udp6' : 'udp4');
    socket.unref();
    // A socket that cannot be bound: the next line tries a new one.
    socket.on('error', () => {
      if (this.#socket === socket) this.#socket = undefined;
      this.#dropped += this.#waiting;
      this.#waiting = 0;
      socket.close();
    });
    return socket;
  }

  #sent(error: Error | null): void {
    if (error !== null) this.#dropped += 1;
    this.#waiting = Math.max(0, this.#waiting - 1);
    if (this.#waiting === 0) this.#idle?.();
  }

  async #finish(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (this.#waiting > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
        socket.once('close', resolve);
      });
    }
    if (this.#socket === undefined) return;
    await new Promise<void>((resolve) => {
      socket.close(resolve);
    });
  }
}
